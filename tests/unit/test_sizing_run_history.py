"""Run histories: what reading them refuses, and the figures that are told of them."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.results.demand_document import LocationProfile
from harness.sizing.profile import profile_of, profiles_of
from harness.sizing.run_history import read_history, whole_runs

NOON = 1_769_860_800.0
MINUTE, HOUR = 60.0, 3600.0
HISTORIES = Path(__file__).parents[1] / "fixtures" / "histories"
RUN = "2026-01-31T12:00:00Z,2026-01-31T12:01:00Z"


def write(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    file = folder / "runs.csv"
    file.write_bytes(content.encode(encoding))
    return file


def parquet(folder: Path, **columns: object) -> Path:
    file = folder / "runs.parquet"
    pd.DataFrame(columns).to_parquet(file)
    return file


def profile(starts: list[float] | np.ndarray, seconds: float | list[float] = 30.0) -> LocationProfile:
    begun = np.asarray(starts, dtype=float)
    return profile_of("etl", begun, begun + np.asarray(seconds))


@pytest.mark.parametrize(
    "rows",
    [
        RUN,
        "1769860800,1769860860",
        "1769860800.0, 1769860860",
        "2026-01-31T12:00:00Z,1769860860",
        "2026-01-31T13:00:00+01:00,2026-01-31 12:01:00.000Z",
        "2026-01-31 12:00:00,2026-01-31 12:01:00",
    ],
)
def test_times_may_be_written_in_many_ways(tmp_path: Path, rows: str) -> None:
    read = read_history(write(tmp_path, f"start,end\n{rows}\n")).runs
    assert read.to_dict("list") == {"start": [NOON], "end": [NOON + 60], "location": [""]}


def test_a_mark_before_the_first_name_is_no_part_of_it(tmp_path: Path) -> None:
    read = read_history(write(tmp_path, f"start,end\n{RUN}\n", "utf-8-sig")).runs
    assert list(read["start"]) == [NOON]


def test_names_stay_as_they_are(tmp_path: Path) -> None:
    rows = f"{RUN},007,NA,SUCCESS\n{RUN},,null,FAILURE\n"
    read = read_history(write(tmp_path, f"start,end,location,job,status\n{rows}")).runs
    assert list(read["location"]) == ["007", ""]
    assert list(read["job"]) == ["NA", "null"]
    assert list(read["status"]) == ["SUCCESS", "FAILURE"]


@pytest.mark.parametrize("zone", [None, datetime.UTC])
def test_parquet_may_hold_instants(tmp_path: Path, zone: datetime.tzinfo | None) -> None:
    start = datetime.datetime(2026, 1, 31, 12, tzinfo=zone)
    end = [start + datetime.timedelta(seconds=60), None]
    read = read_history(parquet(tmp_path, start=[start, start], end=end, location=["etl", None])).runs
    assert read.to_dict("list") == {"start": [NOON], "end": [NOON + 60], "location": ["etl"]}


def test_runs_without_start_or_end_are_left_out(tmp_path: Path) -> None:
    rows = ["1769860800,", ",1769860800", "null,None", "0,1769860800", "1769860800,inf"]
    rows += ["1769860860,1769860800", "1769860800,1769860800", "1769860800,1769860860"]
    read = read_history(write(tmp_path, "start,end\n" + "\n".join(rows))).runs
    assert read.to_dict("list") == {"start": [NOON], "end": [NOON + 60], "location": [""]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty; a first line is expected that names the columns"),
        ("start,end\n", "none of 0 runs"),
        ("start,end\n1769860800,\n", "none of 1 runs has a start and an end"),
        ("begin,end\n1,2\n", "column start is missing"),
        ("start,start_time,end\n1,1,2\n", "columns start and start_time are both the start"),
        (f"start,end\n{RUN}\nsoon,2026-01-31T12:01:00Z\n", "start: 'soon' of run 2 is neither epoch seconds"),
        ("start,end\n1769860800,1769860860\n1769860800,late\n", "end: 'late' of run 2 is neither"),
        ("start,end\n2026-31-01T12:00:00Z,2026-01-31T12:01:00Z\n", "start: '2026-31-01T12:00:00Z' of run 1"),
        ("start,end\n1769860800000,1769860860000\n", "start: 1769860800000 looks like milliseconds"),
        ("start,end\n1769860800,1769860860000\n", "end: 1769860860000 looks like milliseconds"),
        (
            f"start,end\n{RUN}\n2026-01-31T12:00:00Z,2026-01-31T12:01:00\n",
            "end: some times have a time zone and some have none, such as '2026-01-31T12:01:00'",
        ),
        ("start,end\n2026-01-31T12:00:00Z,2026-01-31T12:01:00\n", "end: has no time zone, and the other"),
        (f"start,end,location\n{RUN},etl,daily\n", "more values than the first line has names"),
        ("start,end\n1769860800,1769860860,\n", "more values than the first line has names"),
        (f'start,end,location\n{RUN},"etl\n', "not a CSV or Parquet table"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(tmp_path: Path, content: str, words: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_history(file)
    said = str(caught.value)
    assert said.startswith(f"{file}: ")
    assert words in said
    assert "\n" not in said


def test_text_in_another_encoding_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="save it as CSV in UTF-8"):
        read_history(write(tmp_path, f"start,end,job\n{RUN},über\n", "latin-1"))


AS_IT_IS = [
    *("bom", "caps", "crlf", "dagster_table", "epoch_s", "graphql_names", "iso_offset", "iso_space", "iso_z"),
    *("pg_style", "semicolon", "tab", "utf16"),
]


@pytest.mark.parametrize("name", AS_IT_IS)
def test_histories_are_read_alike_however_they_are_written(name: str) -> None:
    read = read_history(HISTORIES / f"{name}.csv")
    assert len(read.runs) == 40
    assert set((read.runs["end"] - read.runs["start"]).round(3)) == {45.0}
    assert read.runs["start"].iloc[0] == pytest.approx(1_762_164_000, abs=0.2)
    assert (read.left_out, read.alike) == ({}, 0)


LEFT_OUT: list[tuple[str, int, dict[str, int], int]] = [
    ("one_negative", 39, {"ended before they started": 1}, 0),
    ("dst_back", 8, {"ended before they started": 4}, 0),
    ("missing_end", 35, {"in progress": 5}, 0),
    ("null_word", 35, {"in progress": 5}, 0),
    ("nan", 1, {"never started": 1}, 0),
    ("year1970", 1, {"never started": 1}, 0),
    ("duplicates", 80, {}, 40),
    ("status", 48, {}, 0),
    ("one", 1, {}, 0),
]


@pytest.mark.parametrize(("name", "runs", "left_out", "alike"), LEFT_OUT)
def test_what_is_left_out_is_counted_by_what_is_amiss(
    name: str, runs: int, left_out: dict[str, int], alike: int
) -> None:
    read = read_history(HISTORIES / f"{name}.csv")
    assert (len(read.runs), read.left_out, read.alike) == (runs, left_out, alike)


REFUSED = [
    ("empty", "is empty"),
    ("header_only", "it holds no row"),
    ("epoch_ms", "divide the column by 1000"),
    ("epoch_us", "divide the column by 1000"),
    ("us_date", "neither epoch seconds nor ISO 8601"),
    ("mixed_zone", "some times have a time zone and some have none"),
    ("swapped", "40 ended before they started; are the columns swapped?"),
    ("zero_dur", "40 ended as they started"),
]


@pytest.mark.parametrize(("name", "words"), REFUSED)
def test_histories_that_cannot_be_read_say_why(name: str, words: str) -> None:
    file = HISTORIES / f"{name}.csv"
    with pytest.raises(InputError) as caught:
        read_history(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert words in str(caught.value)


def test_every_history_of_the_folder_is_tried() -> None:
    tried = {*AS_IT_IS, *(name for name, *_ in LEFT_OUT), *(name for name, _ in REFUSED)}
    assert tried == {file.stem for file in HISTORIES.glob("*.csv")}


def test_a_run_that_is_listed_again_by_its_id_is_left_out(tmp_path: Path) -> None:
    """As an export that was made in two parts; a run that was in progress in the first part is not lost."""
    rows = f"a,{RUN}\nb,{RUN}\na,{RUN}\nc,2026-01-31T12:00:00Z,\nc,{RUN}\n"
    read = read_history(write(tmp_path, f"run_id,start_time,end_time\n{rows}"))
    assert list(read.runs["run_id"]) == ["a", "b", "c"]
    assert read.left_out == {"in progress": 1, "listed before, by their run id": 1}
    assert read.alike == 0


def test_what_is_no_parquet_and_what_is_not_there(tmp_path: Path) -> None:
    bad = tmp_path / "runs.parquet"
    bad.write_text("nonsense")
    for file in (bad, tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(InputError, match="not a CSV or Parquet table") as caught:
            read_history(file)
        assert "\n" not in str(caught.value)


def test_instants_in_milliseconds_are_refused_in_parquet_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="looks like milliseconds"):
        read_history(parquet(tmp_path, start=[1_769_860_800_000], end=[1_769_860_860_000]))


def test_tables_of_other_sources_are_cleaned_alike() -> None:
    table = pd.DataFrame({"start": [NOON, None], "end": [NOON + 1, None], "status": ["FAILURE", "QUEUED"]})
    assert list(whole_runs(table, "here").runs["status"]) == ["FAILURE"]
    with pytest.raises(InputError, match=r"^here: none of 1 runs"):
        whole_runs(table[1:], "here")


def test_figures_of_a_trace_that_is_known() -> None:
    # every six minutes for ten hours, 36 s each: 10 an hour, one tenth in progress
    told = profile(NOON + 360.0 * np.arange(100), 36.0)
    span_hours = (99 * 360 + 36) / HOUR
    assert told.runs == 100
    assert told.first_start_epoch_seconds == NOON
    assert told.last_start_epoch_seconds == NOON + 99 * 360
    assert told.runs_per_hour == pytest.approx(100 / span_hours)
    assert (told.seconds_mean, told.seconds_median, told.seconds_95) == (36.0, 36.0, 36.0)
    assert told.average == pytest.approx(100 * 36.0 / HOUR / span_hours)
    assert (told.peak, told.peak_at_epoch_seconds, told.most_starts) == (1, NOON, 1)


def test_the_peak_is_told_with_when_it_was() -> None:
    told = profile([NOON, NOON + 10, NOON + 15, NOON + 100], [20.0, 20.0, 5.0, 1.0])
    assert (told.peak, told.peak_at_epoch_seconds) == (3, NOON + 15)


@given(
    st.lists(
        st.tuples(st.floats(0, 1000, allow_nan=False), st.floats(0.01, 200, allow_nan=False)),
        min_size=1,
        max_size=40,
    )
)
def test_peak_and_burst_agree_with_counting(intervals: list[tuple[float, float]]) -> None:
    starts = np.array([start for start, _ in intervals])
    ends = starts + np.array([length for _, length in intervals])
    told = profile_of("etl", starts, ends)
    # the number in progress rises only when one starts
    held = [int(np.sum((starts <= at) & (at < ends))) for at in starts]
    assert told.peak == max(held)
    assert told.peak_at_epoch_seconds == min(starts[np.array(held) == max(held)])
    assert told.most_starts == max(int(np.sum((starts >= at) & (starts <= at + 2))) for at in starts)


def test_random_starts_have_dispersion_one() -> None:
    rng = np.random.default_rng(5)
    told = profile(NOON + np.sort(rng.uniform(0, 24 * HOUR, 5 * 24 * 60)))
    assert told.dispersion == pytest.approx(1.0, abs=0.15)
    assert told.arrivals == "as random"


def test_bursts_of_five_have_a_dispersion_of_five() -> None:
    told = profile(np.repeat(NOON + HOUR * np.arange(24 * 30), 5))
    assert told.dispersion == pytest.approx(5.0, abs=0.1)
    assert (told.arrivals, told.most_starts, told.peak) == ("in bursts", 5, 5)


def test_busy_hours_disperse_as_bursts_do() -> None:
    rng = np.random.default_rng(6)
    days = [NOON + 24 * HOUR * day + rng.uniform(0, 8 * HOUR, 1440) for day in range(10)]
    told = profile(np.sort(np.concatenate(days)))
    assert told.dispersion == pytest.approx(3.0, abs=0.4)  # three a minute for a third of the time
    assert told.arrivals == "in bursts"


def test_even_starts_have_none() -> None:
    told = profile(NOON + 30.0 * np.arange(240))
    assert told.dispersion == pytest.approx(0.0, abs=0.05)
    assert told.arrivals == "regular"


def test_of_rare_starts_no_more_is_said_than_that_they_are_not_in_bursts() -> None:
    # by the minute, one run every hour on the hour looks as random runs do
    told = profile(NOON + HOUR * np.arange(24 * 30))
    assert told.dispersion == pytest.approx(1 - 1 / 60, abs=0.01)
    assert told.arrivals == "no bursts"


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 5.0))
def test_random_starts_are_rarely_called_anything_else(seed: int, per_minute: float) -> None:
    rng = np.random.default_rng(seed)
    wrong = 0
    for _ in range(10):
        told = profile(NOON + rng.uniform(0, 12 * HOUR, max(20, rng.poisson(per_minute * 720))))
        wrong += told.arrivals not in ("as random", "no bursts")
    assert wrong <= 2


def test_of_too_few_runs_there_is_no_figure() -> None:
    two = profile([NOON, NOON + 10])
    assert two.runs_per_hour is two.seconds_mean is two.seconds_median is two.average is None
    assert (two.dispersion, two.arrivals, two.seconds_95) == (None, None, None)
    assert (two.runs, two.peak, two.most_starts) == (2, 2, 1)
    nineteen = profile(NOON + HOUR * np.arange(19))
    assert nineteen.seconds_mean == 30.0
    assert nineteen.seconds_95 is nineteen.dispersion is None
    short = profile(NOON + np.linspace(0, 28 * MINUTE, 200))
    assert short.seconds_95 == 30.0
    assert (short.dispersion, short.arrivals) == (None, None)


def test_a_history_of_decades_takes_no_memory_for_its_empty_minutes() -> None:
    told = profile([0.5, *(NOON + HOUR * np.arange(50))])
    assert told.dispersion == pytest.approx(1.0, abs=0.01)


def test_locations_come_with_most_runs_first() -> None:
    runs = pd.DataFrame({"start": NOON + np.arange(6.0), "end": NOON + 9.0, "location": list("aabbbc")})
    assert [(one.location, one.runs) for one in profiles_of(runs)] == [("b", 3), ("a", 2), ("c", 1)]

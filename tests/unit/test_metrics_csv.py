"""Readings from a CSV file: what is read, and what is refused with the line and the fix."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError
from harness.metrics import csv_tables
from harness.metrics.csv_file import CsvSource
from harness.metrics.source import Abilities, Instance

START = 1_769_860_800.0
MIB = 1 << 20


def write(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    file = folder / "readings.csv"
    file.write_bytes(content.encode(encoding))
    return file


def read(
    file: Path, since: float = START - 100, until: float = START + 1e6
) -> tuple[tuple[Instance, ...], Abilities]:
    return CsvSource(file).read(since, until, lambda _line: None)


def rows(*lines: str, head: str = "at,working_set_bytes") -> str:
    return "\n".join([head, *lines]) + "\n"


def refused(folder: Path, content: str) -> str:
    with pytest.raises(InputError) as told:
        read(write(folder, content))
    assert "\n" not in str(told.value)
    assert "readings.csv" in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    "second",
    [
        "1769860830",
        "1769860830.0",
        "1.76986083e9",
        "2026-01-31T12:00:30Z",
        "2026-01-31 12:00:30+00:00",
        "2026-01-31T14:00:30.000+0200",
    ],
)
def test_instants_may_be_written_in_many_ways(tmp_path: Path, second: str) -> None:
    first = "2026-01-31T12:00:00Z" if "T" in second or " " in second else "1769860800"
    ((one,), _) = read(write(tmp_path, rows(f"{first},200000000", f"{second}, 200000001")))
    found = one.readings["working_set_bytes"]
    assert found.at.tolist() == [START, START + 30]
    assert found.values.tolist() == [2e8, 200000001]


def test_all_quantities_limits_and_containers_are_read(tmp_path: Path) -> None:
    head = (
        "At,Working_Set_Bytes,rss_bytes,cpu_seconds,threads,memory_limit_bytes,cpu_limit_cores,instance,note"
    )
    lines = [
        f"{START + 60 * number + jitter},{2e8 + number},{1e8},{number * 3},12,{limit},1.5,{name},x"
        for name, limit, jitter in (("b", 4e8, 0.5), ("a", 0, 0.0))
        for number in range(20)
    ]
    random.Random(1).shuffle(lines)
    said: list[str] = []
    source = CsvSource(write(tmp_path, rows(*lines, head=head)), "max", 60.0)
    (one, two), abilities = source.read(START, START + 1e6, said.append)
    assert (one.name, two.name) == ("a", "b")
    assert (one.began, one.ended) == (START, np.inf)
    assert two.readings["cpu_seconds"].values.tolist() == [3.0 * number for number in range(20)]
    assert one.memory_limit_bytes is None
    assert two.memory_limit_bytes is not None
    assert two.memory_limit_bytes.values.tolist() == [4e8]
    assert one.cpu_limit_cores is not None
    assert (abilities.kind, abilities.window_seconds, abilities.interval_seconds) == ("max", 60.0, 60.0)
    assert abilities.stamp == "scraped"
    assert {"processes", "page cache by itself", "the kernel's own peak"} <= set(abilities.unknown)
    assert not {"threads", "the memory limit"} & set(abilities.unknown)
    assert any("not used: note" in line for line in said)


def test_stamps_off_any_grid_are_those_of_measurements(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lines = [f"{START + 30 * number + rng.uniform(0, 9):.3f},{2e8}" for number in range(50)]
    assert read(write(tmp_path, rows(*lines)))[1].stamp == "measured"


def test_one_whose_counter_falls_was_restarted_and_one_that_is_told_of_no_more_ended(tmp_path: Path) -> None:
    head = "at,working_set_bytes,cpu_seconds,instance"
    lines = [f"{START + 30 * number},{2e8 + number},{number % 10},a" for number in range(20)]
    lines += [f"{START + 30 * number},{2e8 + number},{number},b" for number in range(100)]
    first, other, second = read(write(tmp_path, rows(*lines, head=head)))[0]
    assert [one.name for one in (first, other, second)] == ["a", "b", "a (2)"]
    assert (first.ended, second.began, second.ended) == (START + 270, START + 300, START + 570)
    assert other.ended == np.inf


def test_cells_without_a_value_and_empty_lines_are_no_readings(tmp_path: Path) -> None:
    head = "at,working_set_bytes,rss_bytes,"
    lines = [f"{START},{2e8},1e8,", "", f"{START + 30},,NaN,", f"{START + 60},{2e8},,", ""]
    ((one,), _) = read(write(tmp_path, rows(*lines, head=head), "utf-8-sig"))
    assert one.readings["working_set_bytes"].at.tolist() == [START, START + 60]
    assert one.readings["rss_bytes"].at.tolist() == [START]


def test_only_the_time_that_is_asked_for_is_read(tmp_path: Path) -> None:
    file = write(tmp_path, rows(*(f"{START + 30 * number},{2e8}" for number in range(100))))
    ((one,), _) = read(file, START + 300, START + 600)
    assert one.readings["working_set_bytes"].at.tolist() == [START + 30 * number for number in range(10, 21)]
    with pytest.raises(InputError, match="from 2026-01-31 12:00 UTC to 2026-01-31 12:49 UTC: --days"):
        read(file, START + 1e5, START + 2e5)


def test_lines_that_repeat_another_come_once(tmp_path: Path) -> None:
    ((one,), _) = read(write(tmp_path, rows(f"{START},2e8", f"{START + 30},2e8", f"{START},2e8")))
    assert one.readings["working_set_bytes"].at.tolist() == [START, START + 30]


def test_a_file_of_many_pieces_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_tables, "_ROWS_AT_ONCE", 7)
    lines = [f"{START + number},{2e8 + number}" for number in range(100)]
    ((one,), _) = read(write(tmp_path, rows(*lines)))
    assert one.readings["working_set_bytes"].values.tolist() == [2e8 + number for number in range(100)]
    said = refused(tmp_path, rows(*lines, f"{START + 100},many"))
    assert "working_set_bytes: 'many' in line 102 is not a number" in said


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (rows(), "holds no readings"),
        (rows("", ""), "holds no readings"),
        (rows("1769860800", head="at"), "column working_set_bytes is missing; it has at"),
        (rows("1,2", head="time;value,working_set_bytes"), "column at is missing"),
        (rows("1,2,3", head="at,working_set_bytes,at"), "column at is there 2 times"),
        (rows("1769860800,2e8,3"), "more values than the first line has names"),
        (rows("1769860800,512Mi"), "working_set_bytes: '512Mi' in line 2 is not a number"),
        (rows("1769860800,2e8", '1769860830,"200,000,000"'), "'200,000,000' in line 3 is not a number"),
        (rows("1769860800,-1"), "'-1' in line 2 is less than 0"),
        (rows("1769860800,1e19"), "more than any machine has"),
        (rows("1769860800,inf"), "more than any machine has"),
        (rows("1769860800,512"), "512 is the most of it"),
        (rows("1769860800,"), "working_set_bytes: is empty in every line"),
        (rows("1769860800000,2e8"), "'1769860800000' in line 2 looks like milliseconds"),
        (rows("1769860800,2e8", "12,2e8"), "at: '12' in line 3 is no time of day"),
        (rows("1769860800,2e8", ",2e8"), "at: nothing in line 3 is neither"),
        (rows(",2e8"), "at: nothing in line 2 is neither"),
        (rows("1769860800,2e8", "noon,2e8"), "at: 'noon' in line 3 is neither epoch seconds nor ISO 8601"),
        (rows("noon,2e8"), "at: 'noon' in line 2 is neither"),
        (rows("2026-01-31T12:00:00,2e8"), "has no time zone; write it with one"),
        (
            rows("2026-01-31T12:00:00Z,2e8", "2026-01-31T12:00:30,2e8"),
            "'2026-01-31T12:00:30' in line 3 has no",
        ),
        (rows("2026-01-31T12:00:00Z,2e8", "", "1769860830,2e8"), "in line 2 is neither"),
        (rows("1769860800,2e8", "1769860830,2e8", "1769860800,3e8"), "lines 2 and 4 are of the same instant"),
        (
            rows("1769860800,3e8,1e8,x", head="at,working_set_bytes,cpu_seconds,threads"),
            "threads: 'x' in line 2",
        ),
    ],
)
def test_what_is_amiss_is_said_with_its_line(tmp_path: Path, content: str, what: str) -> None:
    assert what in refused(tmp_path, content)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    for content in (b"\xff\xfe\x00a", b"at,working_set_bytes\n\xff\xff,1\n", b"\x00\x01\x02"):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"readings\.csv"):
            read(file)
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.csv")


@pytest.mark.parametrize(("kind", "window"), [("point", 60.0), ("mean", 0.0), ("max", -1.0), ("max", np.inf)])
def test_a_window_that_does_not_fit_is_refused(kind: str, window: float) -> None:
    with pytest.raises(InputError, match="--readings"):
        CsvSource(Path("x.csv"), kind, window)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(100))
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path: Path, seed: int) -> None:
    chance = random.Random(f"csv {seed}")
    head = "at,working_set_bytes,cpu_seconds,instance"
    text = list(
        rows(*(f"{START + 30 * number},{2e8 + number},{number},a" for number in range(10)), head=head)
    )
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        text[at : at + chance.randint(0, 3)] = chance.choice(
            ["", ",", "\n", '"', "-", "e", "9" * 400, "\0", "ä", "T"]
        )
    said = ""
    try:
        read(write(tmp_path, "".join(text)))
    except InputError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 1000


def test_a_folder_is_read_as_one_file(tmp_path: Path) -> None:
    """As `collect` writes them; a file may lack what another has."""
    first = [f"{1.79e9 + 10 * n},{100 * 2**20 + n}" for n in range(50)]
    second = [f"{1.79e9 + 10 * n},{100 * 2**20 + n},{n}" for n in range(50, 100)]
    (tmp_path / "readings-1.csv").write_text("\n".join(["at,working_set_bytes", *first, ""]))
    (tmp_path / "readings-2.csv").write_text("\n".join(["at,working_set_bytes,threads", *second, ""]))
    (tmp_path / "notes.txt").write_text("not a table")
    [one], _ = CsvSource(tmp_path).read(0, 2e9, lambda _: None)
    assert len(one.readings["working_set_bytes"].at) == 100
    assert one.readings["threads"].values.tolist() == list(range(50, 100))


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file in that folder ends in \.csv"):
        CsvSource(tmp_path).read(0, 2e9, lambda _: None)

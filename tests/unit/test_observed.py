"""From what metrics and a run history say to constants, a verdict on them, and refusals."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from harness.campaign.observed_lives import life_record, pieces_of, refuse_overlap
from harness.errors import InputError
from harness.metrics.source import Readings
from harness.results.observed_record import LifeRecord
from harness.results.result_document import ConstantRecord
from harness.sizing.observed_lives import read_lives, server_lives
from harness.sizing.run_lives import Lives, RunLife, completed
from tests.unit.observed_made import LOCATION, fitted, instances_of, lives_of, made
from tests.unit.planted_days import MIB, Job, Scraping, Server, day, spike

TWO_DAYS = Server(hours=48)


def constants(seen_seed: int = 1, **how: object) -> dict[str, ConstantRecord]:
    document = fitted(made(seen_seed, **how))  # type: ignore[arg-type]
    assert document.validity.state == "valid", document.validity
    return {one.name: one for one in document.cells[0].constants}


def test_planted_constants_come_back() -> None:
    found = constants(server=TWO_DAYS)
    assert found["memory_per_run_bytes"].value == pytest.approx(80 * MIB, rel=0.02)
    assert found["base_memory_bytes"].value == pytest.approx(400 * MIB, rel=0.03)
    assert found["base_cpu_cores"].value == pytest.approx(0.05, abs=0.01)
    truth = day(1, {"etl": Job()}, TWO_DAYS, Scraping()).cpu_seconds["etl"]
    assert found["cpu_seconds_per_run"].value == pytest.approx(truth, rel=0.03)
    assert found["threads_per_run"].value == pytest.approx(12, rel=0.03)
    assert found["processes_per_run"].value is None
    assert "not measured" in found["processes_per_run"].reason
    assert all(one.source.startswith("observed: ") for one in found.values())


def test_processes_are_there_before_they_tell_of_it_and_after() -> None:
    """Of short runs that is much of their life: on a real server, memory per run came out 11 % too low."""
    jobs, server = {"etl": Job(seconds=14, sigma=0.2, per_hour=300)}, Server(hours=16, noise_mib=5)
    planted = day(1, jobs, server, Scraping())
    lives = lives_of(planted)
    told = [
        replace(one, launched=one.up, up=one.up + 1.5, exited=max(one.exited - 3, one.began + 1))
        for one in lives.runs
    ]
    late = replace(lives, runs=tuple(replace(one, ended=one.exited) for one in told))
    found = constants(jobs=jobs, server=server, lives=late)
    assert found["memory_per_run_bytes"].value == pytest.approx(80 * MIB, rel=0.01)
    assert found["base_memory_bytes"].value == pytest.approx(400 * MIB, rel=0.01)
    assert found["cpu_seconds_per_run"].value == pytest.approx(planted.cpu_seconds["etl"], rel=0.02)


def test_what_a_launch_takes_is_told_by_those_whose_logs_were_read_alone() -> None:
    planted = day(1, {"etl": Job()}, TWO_DAYS, Scraping())
    lives = lives_of(planted)
    runs = [
        replace(one, launched=one.launched - number % 3) if number < 60 else replace(one, launched=np.nan)
        for number, one in enumerate(lives.runs)
    ]
    unread = [replace(one, up=np.nan, exited=np.nan) for one in runs[60:]]
    found = constants(server=TWO_DAYS, lives=replace(lives, runs=(*runs[:60], *unread)))
    assert found["launch_seconds_per_run"].bursts <= 60


def test_each_job_has_constants_of_its_own() -> None:
    jobs = {"etl": Job(mib=60), "report": Job(mib=150, per_hour=20)}
    document = fitted(made(2, jobs, TWO_DAYS))
    found = {
        cell.workload: one.value
        for cell in document.cells
        for one in cell.constants
        if one.name == "memory_per_run_bytes"
    }
    assert found["etl"] == pytest.approx(60 * MIB, rel=0.04)
    assert found["report"] == pytest.approx(150 * MIB, rel=0.04)


def test_a_size_goes_by_the_age_at_which_a_run_is_dearest() -> None:
    """A spike of every run, at the same age: twice its memory for 20 seconds, one minute in."""
    jobs = {"etl": Job(mib=120, shape=spike, seconds=200, sigma=0.3)}
    document = fitted(made(6, jobs, Server(hours=72), Scraping(interval=15)))
    found = {one.name: one.value for one in document.cells[0].constants}
    assert found["memory_per_run_bytes"] == pytest.approx(240 * MIB, rel=0.1)
    assert document.observed is not None
    assert document.observed.fitted is not None
    ages = document.observed.fitted.ages
    [highest] = [one for one in ages if one.dearest]
    assert 55 <= highest.from_seconds < 80
    usual = [one.value for one in ages if one.from_seconds >= 100]
    assert np.median(usual) == pytest.approx(120 * MIB, rel=0.1)


def test_rare_jobs_go_together() -> None:
    jobs = {"etl": Job(), "yearly": Job(per_hour=0.1), "monthly": Job(per_hour=0.2)}
    seen = fitted(made(3, jobs, TWO_DAYS))
    assert [cell.workload for cell in seen.cells] == ["etl", "other jobs"]
    assert any(reason.code == "pooled" for reason in seen.validity.reasons)


def test_the_levels_are_the_numbers_of_live_runs() -> None:
    document = fitted(made(server=TWO_DAYS))
    levels = document.cells[0].levels
    assert [one.level for one in levels] == sorted(one.level for one in levels)
    assert sum(one.bursts for one in levels) == document.observed.fitted.scrapes  # type: ignore[union-attr]
    low, high = (levels[place].memory_peak_bytes or 0 for place in (0, 3))
    assert high - low == pytest.approx(240 * MIB, rel=0.2)


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("few-scrapes", {"scraping": Scraping(interval=900)}),
        ("few-runs", {"jobs": {"etl": Job(per_hour=1.5, seconds=900)}}),
        ("few-levels", {"jobs": {"etl": Job(per_hour=5, seconds=5, sigma=0.1)}}),
        ("gaps", {"scraping": Scraping(lost=0.75)}),
        ("maxima", {"kind": "max", "scraping": Scraping(window=60)}),
        (
            "unfitted",  # readings and runs enough, in too few blocks of time
            {
                "jobs": {"etl": Job(per_hour=200, seconds=60)},
                "server": Server(hours=0.6),
                "scraping": Scraping(interval=5),
            },
        ),
    ],
)
def test_what_could_mislead_is_invalid_and_says_what_to_do_instead(code: str, how: dict[str, object]) -> None:
    document = fitted(made(**how))  # type: ignore[arg-type]
    assert document.validity.state == "invalid"
    told = {reason.code: reason.message for reason in document.validity.reasons}
    assert code in told
    assert any(word in told[code] for word in ("observe ", "read points", "measure with"))
    assert not any(cell.constants for cell in document.cells)


def test_forced_constants_say_so() -> None:
    seen = fitted(made(jobs={"etl": Job(per_hour=1.5, seconds=900)}), force=True)
    assert seen.forced
    assert seen.cells[0].constants


def test_isolated_runs_only_are_refused() -> None:
    with pytest.raises(InputError, match=r"all 7 runs are isolated.*size that container"):
        made(lives=Lives((), isolated=7, never_started=0))


def test_several_locations_have_to_be_named() -> None:
    planted = day(1, {"etl": Job()}, Server(), Scraping())
    lives = lives_of(planted)
    mixed = replace(
        lives, runs=tuple(replace(one, location=f"place-{n % 2}") for n, one in enumerate(lives.runs))
    )
    with pytest.raises(InputError, match="--location place-0, place-1"):
        made(lives=mixed)
    with pytest.raises(InputError, match=r"--location elsewhere: has no runs.*place-0"):
        made(lives=mixed, locations=("elsewhere",))
    both = made(lives=mixed, locations=("place-0", "place-1"))
    assert set(both.tables["runs"]["job"]) == {"place-0/etl", "place-1/etl"}
    assert made(lives=lives).document.observed.locations == (LOCATION,)  # type: ignore[union-attr]


def test_a_location_that_shares_the_container_has_to_be_named() -> None:
    jobs = {"etl": Job(), "report": Job(mib=60)}
    planted = day(4, jobs, TWO_DAYS, Scraping())
    lives = lives_of(planted)
    apart = tuple(replace(one, location="here" if one.job == "etl" else "there") for one in lives.runs)
    shared = replace(lives, runs=apart)
    told = r"each run of there takes \d+ MiB .* name both: --location here --location there"
    with pytest.raises(InputError, match=told):
        made(4, jobs, TWO_DAYS, lives=shared, locations=("here",))
    both = fitted(made(4, jobs, TWO_DAYS, lives=shared, locations=("here", "there")))
    assert {cell.workload for cell in both.cells} == {"here/etl", "there/report"}


def test_a_location_with_a_container_of_its_own_is_no_harm() -> None:
    planted, elsewhere = (day(seed, {"etl": Job()}, TWO_DAYS, Scraping()) for seed in (1, 2))
    lives = lives_of(planted)
    others = lives_of(elsewhere, "there")
    both = replace(lives, runs=(*lives.runs, *others.runs))
    seen = made(1, server=TWO_DAYS, lives=both, locations=("here",))
    assert len(seen.tables["runs"]) == len(lives.runs)


def test_servers_at_the_same_time_are_refused_and_a_rollover_is_not() -> None:
    planted = day(1, {"etl": Job()}, Server(lives=2), Scraping())
    first, second = instances_of(planted)
    refuse_overlap((replace(first, ended=second.began + 60), second), ())
    later = replace(first, ended=second.began + 3600), second
    with pytest.raises(InputError, match="--select: server-0 and server-1 ran at the same time"):
        refuse_overlap(later, ())
    # one that is replaced has its runs to end
    run = lives_of(planted).runs[0]
    refuse_overlap(later, (replace(run, began=second.began - 9, ended=second.began + 3500),))
    # those that came up together are replicas, whatever runs there are
    twins = replace(first, began=second.began - 9, ended=second.began + 3600), second
    with pytest.raises(InputError, match="ran at the same time"):
        refuse_overlap(twins, (replace(run, began=second.began - 1, ended=second.began + 3500),))


def test_a_server_that_is_replaced_keeps_its_runs_to_their_end() -> None:
    server = Server(hours=72, lives=6, drains=True, base_apart_mib=30)
    seen = made(3, {"etl": Job(per_hour=6, seconds=1500)}, server)
    overlaps = [
        (first.ended_epoch_seconds or 0) - second.began_epoch_seconds
        for first, second in pairwise(seen.document.observed.lives)  # type: ignore[union-attr]
    ]
    assert max(overlaps) > 1200
    (cell,) = fitted(seen).cells
    found = next(one for one in cell.constants if one.name == "memory_per_run_bytes")
    # Long runs are few: their 95 % interval is 2.5 % to either side, with and without those that drain.
    assert found.value == pytest.approx(80 * MIB, rel=0.05)
    tables = seen.tables
    lives = server_lives(
        seen.document.observed,  # type: ignore[arg-type]
        tables["scrapes"],
        completed(read_lives(tables["runs"])),
        {"etl": ("etl",)},
        "working_set_bytes",
    )
    assert sum(len(one.runs["etl"].running.began) for one in lives) == len(tables["runs"])


def test_a_life_is_split_where_a_limit_was_changed() -> None:
    planted = day(1, {"etl": Job()}, Server(), Scraping())
    one = instances_of(planted)[0]
    at = one.began + 8 * 3600
    raised = Readings(np.array([one.began, at]), np.array([1024.0, 2048.0]) * MIB)
    pieces = pieces_of([replace(one, memory_limit_bytes=raised, oom_kills=1)])
    first, second = (life_record(piece) for piece in pieces)
    assert (first.name, second.name) == ("server-0", "server-0 #2")
    assert (first.memory_limit_bytes, second.memory_limit_bytes) == (1024 * MIB, 2048 * MIB)
    assert (first.ended_epoch_seconds, second.began_epoch_seconds) == (at, at)
    assert (first.goes_on, second.goes_on) == (False, True)
    assert (first.oom_kills, second.oom_kills) == (None, 1)
    assert first.scrapes + second.scrapes == len(one.readings["working_set_bytes"].at)


def test_runs_live_on_where_only_a_limit_was_changed() -> None:
    """A run that is live across the change counts on both sides of it; across a restart it does not."""
    lives = tuple(
        LifeRecord(
            name=name,
            began_epoch_seconds=began,
            ended_epoch_seconds=ended,
            goes_on=goes_on,
            scrapes=0,
            memory_limit_bytes=None,
            cpu_limit_cores=None,
            memory_max_bytes=0,
        )
        for name, began, ended, goes_on in (
            ("a", 0.0, 100.0, False), ("a #2", 100.0, 200.0, True), ("b", 200.0, None, False),
        )
    )  # fmt: skip
    seen = made().document.observed
    assert seen is not None
    observed = seen.model_copy(update={"lives": lives})
    runs = [
        RunLife("x", "etl", "", "SUCCESS", 89, 90, 91, 120, 121),
        RunLife("y", "etl", "", "FAILURE", 189, 190, 191, 260, 261),
    ]
    table = pd.DataFrame({"instance": ["a"], "at_epoch_seconds": [1.0], "working_set_bytes": [1.0]})
    first, second, third = server_lives(observed, table, runs, {"etl": ("etl",)}, "working_set_bytes")
    live = [
        [float(one.runs["etl"].running.at(np.array([at]))[0]) for at in (95.0, 110.0, 195.0, 210.0)]
        for one in (first, second, third)
    ]
    assert live == [[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]


def test_the_worst_day_is_that_of_the_least_headroom() -> None:
    seen = made(server=TWO_DAYS).document.observed
    assert seen is not None
    highest = max(one.memory_max_bytes for one in seen.lives)
    assert seen.worst_day.memory_max_bytes == highest
    assert seen.worst_day.headroom == pytest.approx(1 - highest / (4096 * MIB))
    assert np.isfinite(seen.worst_day.at_epoch_seconds)

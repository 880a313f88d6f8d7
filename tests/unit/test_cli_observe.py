"""`dagster-sizing observe`, and what else works on what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from harness.results.catalogue import Catalogue
from harness.results.folder import ResultFolder
from harness.results.observed_record import OwnLoadRecord
from harness.sizing.run_lives import RunLife
from tests.unit.cli_support import Run
from tests.unit.observed_made import instances_of, lives_of, made, written
from tests.unit.pages_support import shown
from tests.unit.planted_days import MIB, Day, Job, Scraping, Server, day
from tests.unit.scripted_instance import ScriptedInstance, scripted_instance

LONG_AGO = ("--days", "3650")
DEMAND = ("--run-duration", "120s", "--runs-per-hour", "40")


@pytest.fixture(scope="module")
def planted() -> Day:
    return day(1, {"etl": Job()}, Server(hours=30), Scraping())


@pytest.fixture(scope="module")
def runs(planted: Day) -> tuple[RunLife, ...]:
    return lives_of(planted).runs


@pytest.fixture(scope="module")
def readings(planted: Day, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a metrics system would write them."""
    one = instances_of(planted)[0]
    columns = {name: pd.Series(told.values, index=told.at) for name, told in one.readings.items()}
    table = pd.DataFrame(columns).rename_axis("at").reset_index()
    file = tmp_path_factory.mktemp("readings") / "readings.csv"
    table.assign(memory_limit_bytes=1024 * MIB).to_csv(file, index=False)
    return file


@pytest.fixture
def instance(runs: tuple[RunLife, ...]) -> Iterator[ScriptedInstance]:
    with scripted_instance(runs) as server:
        yield server


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that `observe` wrote; looking never writes, so all tests share it."""
    return written(tmp_path_factory.mktemp("results") / "seen", made(server=Server(hours=30))).path


def constant(folder: Path, name: str) -> float:
    document = ResultFolder(folder).read_document()
    found = {one.name: one.value for one in document.cells[0].constants}
    return found[name] or 0.0


def refused(run: Run, *arguments: str) -> str:
    done = run("observe", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_constants_come_from_a_deployment_that_others_load(
    run: Run, tmp_path: Path, readings: Path, instance: ScriptedInstance, runs: tuple[RunLife, ...]
) -> None:
    out = tmp_path / "seen"
    arguments = (instance.url, "--metrics", f"csv={readings}", *LONG_AGO, "--event-logs", "50")
    done = run("observe", *arguments, "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    assert constant(out, "memory_per_run_bytes") == pytest.approx(80 * MIB, rel=0.03)
    observed = ResultFolder(out).read_document().observed
    assert observed is not None
    assert observed.locations == ("here",)
    hours = (observed.until_epoch_seconds - observed.since_epoch_seconds) / 3600
    assert hours == pytest.approx(30, abs=0.2)  # of ten years that were asked for
    assert observed.runs_without_log == len(runs) - 50
    assert "Worst day" in done.stdout
    assert (out / "report.html").exists()
    assert instance.asked < 70  # one for each log, and a page or two


def test_what_sensors_cost_is_told_apart_where_readings_are_close(run: Run, tmp_path: Path) -> None:
    server = Server(hours=6, ticks_per_hour=120)
    planted = day(2, {"etl": Job()}, server, Scraping(5))
    one = instances_of(planted)[0]
    columns = {name: pd.Series(told.values, index=told.at) for name, told in one.readings.items()}
    readings = tmp_path / "readings.csv"
    pd.DataFrame(columns).rename_axis("at").reset_index().to_csv(readings, index=False)
    ticks = planted.cpu[0].ticks
    assert ticks is not None
    out = tmp_path / "seen"
    with scripted_instance(lives_of(planted).runs) as instance:
        instance.ticks = {"new_files": ticks.began.tolist()}
        arguments = (instance.url, "--metrics", f"csv={readings}", *LONG_AGO, "--event-logs", "50")
        done = run("observe", *arguments, "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    assert constant(out, "cpu_seconds_per_tick") == pytest.approx(server.tick_seconds, rel=0.15)
    # what a deployment computes without a run has them in it, so that a size does
    assert constant(out, "base_cpu_cores") == pytest.approx(0.05 + 0.5 * 120 / 3600, rel=0.3)
    before = constant(out, "cpu_seconds_per_tick")
    assert run("fit", str(out)).returncode == 0
    assert constant(out, "cpu_seconds_per_tick") == before
    (out / "daemon_ticks.parquet").unlink()
    done = run("fit", str(out))
    assert done.returncode == 2
    assert "daemon_ticks.parquet" in done.stderr


def test_a_result_is_not_written_over(run: Run, result: Path) -> None:
    said = refused(run, "http://127.0.0.1:9", "--metrics", "csv=x.csv", "--out", str(result))
    assert "holds a result already" in said


def test_metrics_have_to_be_given(run: Run) -> None:
    assert "--metrics: say where readings come from, as prometheus=" in refused(run, "http://127.0.0.1:9")


PROMETHEUS = ("http://127.0.0.1:9", "--select", "a='b'", "--metrics")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nowhere", "--metrics", "csv=x"], "URL nowhere: the address of a Dagster instance"),
        (["http://127.0.0.1:9", "--metrics", "graphite=x"], "--metrics graphite=x: KIND=WHERE is expected"),
        ([*PROMETHEUS, "prometheus=x"], "a whole address is expected"),
        ([*PROMETHEUS, "prometheus=http://[::1"], "not an address"),
        (["http://127.0.0.1:9", "--metrics", "prometheus=http://127.0.0.1:9"], "--select: name the code"),
        ([*PROMETHEUS, "prometheus=http://u:p@h"], "a password in the address"),
        (["http://127.0.0.1:9", "--metrics", "csv=nowhere.csv"], "nowhere.csv"),
        (["http://127.0.0.1:9", "--metrics", "csv=README.md"], "README.md"),
        (["http://127.0.0.1:9", "--metrics", "csv=x", "--readings", "often"], "--readings often: point"),
        (["http://127.0.0.1:9", "--metrics", "csv=x", "--days", "0"], "--days 0"),
        (["http://127.0.0.1:9", "--metrics", "csv=x", "--check", "2"], "--check 2: a share"),
        (
            [
                *("http://127.0.0.1:9", "--metrics", "prometheus=http://127.0.0.1:9", "--select", "a='b'"),
                *("--metrics-header", "Authorization=NOT_SET_ANYWHERE"),
            ],
            "--metrics-header NOT_SET_ANYWHERE: no such environment variable",
        ),
    ],
)
def test_bad_input_is_one_clear_line(run: Run, arguments: list[str], expected: str) -> None:
    assert expected in refused(run, *arguments)


def test_an_instance_that_does_not_answer_is_named(run: Run, readings: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "seen")
    said = refused(run, "http://127.0.0.1:9", "--metrics", f"csv={readings}", *LONG_AGO, "--out", out)
    assert "http://127.0.0.1:9: cannot be reached" in said


def test_isolated_runs_only_are_refused(
    run: Run, tmp_path: Path, readings: Path, runs: tuple[RunLife, ...]
) -> None:
    out = tmp_path / "seen"
    with scripted_instance(runs, isolated=True) as instance:
        said = refused(run, instance.url, "--metrics", f"csv={readings}", *LONG_AGO, "--out", str(out))
    assert f"all {len(runs)} runs are isolated" in said
    assert not out.exists()


def test_too_few_runs_end_with_4_and_keep_what_was_read(
    run: Run, tmp_path: Path, readings: Path, runs: tuple[RunLife, ...]
) -> None:
    out = tmp_path / "seen"
    with scripted_instance(runs[:30]) as instance:
        done = run("observe", instance.url, "--metrics", f"csv={readings}", *LONG_AGO, "--out", str(out))
    assert done.returncode == 4
    assert "30 runs in" in done.stdout
    assert len(ResultFolder(out).table("runs")) == 30


@pytest.mark.parametrize(("share", "code"), [("0.01", 0), ("0.9", 8)])
def test_check_tells_a_nightly_job_of_too_little_headroom(
    run: Run, tmp_path: Path, readings: Path, instance: ScriptedInstance, share: str, code: int
) -> None:
    arguments = (instance.url, "--metrics", f"csv={readings}", *LONG_AGO, "--out", str(tmp_path / "seen"))
    done = run("observe", *arguments, "--check", share)
    assert done.returncode == code, done.stderr
    assert ("of the limit of memory were left, and --check asks for 90.0%" in done.stderr) == (code == 8)


def test_what_was_observed_is_shown_with_how_far_to_trust_it(run: Run, result: Path) -> None:
    said = run("show", str(result)).stdout
    for told in (
        "Lives of the server",
        "Readings by the number of live runs",
        "Lag:",
        "A spike that every run",
    ):
        assert told in said
    assert "bursts" not in said
    markdown = run("show", str(result), "--format", "markdown").stdout
    assert "| live runs | readings |" in markdown


def test_a_page_says_whose_load_it_was(run: Run, tmp_path: Path) -> None:
    load = OwnLoadRecord(
        levels=(1, 2), highest=4, stop_above_bytes=1e9, bursts=12, bursts_left_out=0, runs=18, foreign_runs=3
    )
    attached = written(tmp_path / "attached", made(server=Server(hours=30), own_load=load)).path
    others = written(tmp_path / "others", made(server=Server(hours=30))).path
    for folder, told in ((others, "that others load, as it ran"), (attached, "under 12 bursts of our own")):
        assert run("report", str(folder)).returncode == 0
        assert f"a deployment {told}." in shown((folder / "report.html").read_text("utf-8"))


def test_a_size_of_it_tells_what_is_there_at_present(run: Run, result: Path, tmp_path: Path) -> None:
    out = tmp_path / "size"
    done = run("size", str(result), *DEMAND, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "at present: on the worst day that was seen" in done.stdout
    assert "bursts.parquet" not in shown((out / "report.html").read_text("utf-8"))
    sized = json.loads((out / "sizing.json").read_text("utf-8"))
    assert sized["present"]["memory_limit_bytes"] == 4096 * MIB
    tried = run("try", str(out), "--cpus", "2")
    assert tried.returncode == 2
    assert "was observed" in tried.stderr


def test_it_is_fitted_again_to_the_same(run: Run, result: Path, tmp_path: Path) -> None:
    before = ResultFolder(result).read_document()
    copy = ResultFolder(tmp_path / "copy")
    for name in ("scrapes", "runs"):
        copy.write_table(name, ResultFolder(result).table(name))
    copy.write_document(before)
    assert run("fit", str(copy.path)).returncode == 0
    assert copy.read_document() == before
    runs = copy.table("runs")
    copy.write_table("runs", runs.iloc[:-1])
    done = run("fit", str(copy.path))
    assert done.returncode == 2
    assert "runs.parquet: has" in done.stderr
    assert copy.read_document() == before


def test_it_is_listed_like_any_other(result: Path) -> None:
    item = Catalogue(result.parent).items()[0]
    assert (item.kind, item.validity, item.workloads) == ("result", "valid", ("etl",))


def test_two_weeks_of_a_deployment_are_compared(run: Run, result: Path, tmp_path: Path) -> None:
    heavier = made(5, {"etl": Job(mib=96)}, Server(hours=30))
    later = written(tmp_path / "later", heavier).path
    done = run("compare", str(result), str(later), "--format", "json")
    assert done.returncode == 7, done.stderr
    found = {one["constant"]: one for one in json.loads(done.stdout)["differences"]}
    assert found["memory_per_run_bytes"]["verdict"] == "regressed"
    assert found["memory_per_run_bytes"]["ratio"]["value"] == pytest.approx(1.2, rel=0.05)
    assert found["threads_per_run"]["verdict"] == "no change"
    assert "launch_seconds_per_run" not in found
    out = tmp_path / "compared"
    said = run("compare", str(result), str(later), "--out", str(out)).stdout
    assert "blocks of time" in said
    assert "bursts" not in said
    page = shown((out / "comparison.html").read_text("utf-8"))
    assert "blocks of time" in page
    assert "bursts" not in page

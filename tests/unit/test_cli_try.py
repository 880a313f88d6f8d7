"""`dagster-sizing try`: what it refuses before it starts anything, its scenarios, and its report."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from harness.campaign.bench import sha256_of
from harness.campaign.trial_begin import new_trial
from harness.campaign.trial_scenario import scenario_of, workload_of
from harness.errors import InputError
from harness.report.trial_text import print_trial, render_trial_markdown, verdict
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.folder import ResultFolder
from harness.results.sizing_document import PeakRecord, SizingDocument, read_sizing, write_sizing
from harness.results.trial_document import AttemptRecord, TrialDocument, read_trial, write_trial
from harness.scenario.workload import BuiltinWorkload, MixWorkload
from harness.sizing.shapes import MIB, Size
from harness.sizing.trial import memory_predicted, runs_boundary, runs_predicted
from harness.stack.registry import StackName
from tests.unit.cli_support import Run
from tests.unit.results_sample import burst_row, cell_record, document
from tests.unit.sizing_made import kind, sizing

SCENARIO = {
    "name": "measured",
    "dagster": {"coordinator": ["queued"], "max_concurrent_runs": [3]},
    "server": {"memory": ["3GiB"], "replicas": [2], "restart": True},
    "load": {"levels": [1, 2, 6], "shape": "poisson", "window": "10s", "lose_server_after": "5s"},
    "workloads": [
        {"workload": "io_bound"},
        {"workload": "io_bound", "name": "heavy", "ballast": "160MiB"},
        {"tick": "io_tick"},
    ],
}


def made(**changes: Any) -> SizingDocument:
    return sizing(compose=Size(1.0, 1024 * MIB), scenario=SCENARIO, **changes)


def peak(**runs: int) -> tuple[PeakRecord, ...]:
    return (PeakRecord(name="ordinary", runs=runs, total=sum(runs.values()), exact=1, how="", binds=True),)


def attempt(folder: str, outcome: str, **changes: Any) -> AttemptRecord:
    values: dict[str, Any] = {
        "folder": folder,
        "cpus": 1.0,
        "memory_bytes": 1024 * MIB,
        "runs": 9,
        "bursts": 5,
        "bursts_held": 5,
        "outcome": outcome,
        "oom_kills": 0,
        "runs_failed": 0,
        "memory_peak_bytes": 980.0 * MIB,
        "start_seconds": 42.0,
        "answer_seconds": 40.0,
        "throttled_seconds": 12.0,
    }
    return AttemptRecord(**(values | changes))


def trial(*attempts: AttemptRecord, **changes: Any) -> TrialDocument:
    values: dict[str, Any] = {
        "harness_version": "0.1.0",
        "created_at": "2026-01-01T00:00:00+00:00",
        "sizing_sha256": "0" * 64,
        "result": "sample",
        "platform": "compose",
        "stack": "process",
        "stack_measured": "process",
        "dagster_version": "1.13.27",
        "cpus": 1.0,
        "cpus_recommended": 1.0,
        "memory_bytes": 1024 * MIB,
        "grpc_max_workers": 9,
        "replicas": 1,
        "peak": {"io_bound": 9},
        "start_within_seconds": 60.0,
        "fingerprint": {"cpu_count": 2},
        "attempts": attempts,
    }
    return TrialDocument(**(values | changes))


def test_an_attempt_is_what_was_measured_at_the_recommended_size() -> None:
    scenario = scenario_of(made(), trial(), 2.0, 900 * MIB, 7, 5, "runs-7")
    assert scenario.name == "try-runs-7"
    assert [one.label for one in scenario.workloads] == ["io_bound"]
    assert (scenario.server.cpus, scenario.server.memory) == ((2.0,), (900 * MIB,))
    assert (scenario.server.grpc_max_workers, scenario.server.replicas) == ((9,), (1,))
    assert not scenario.server.restart
    assert (scenario.load.levels, scenario.load.repeats, scenario.load.shape) == ((7,), 5, "burst")
    assert (scenario.load.window, scenario.load.lose_server_after) == (0, 0)
    assert scenario.dagster.versions == ("1.13.27",)
    assert scenario.dagster.coordinator == ("queued",)
    assert scenario.dagster.max_concurrent_runs == ()


def test_a_peak_of_several_kinds_is_tried_as_a_mix() -> None:
    mixed = made(peaks=peak(io_bound=3, heavy=1))
    workload = workload_of(mixed)
    assert isinstance(workload, MixWorkload)
    assert [one.label for one in workload.runs_of(4)] == ["io_bound"] * 3 + ["heavy"]
    only = workload_of(made(peaks=peak(io_bound=0, heavy=2)))
    assert isinstance(only, BuiltinWorkload)
    assert only.ballast == 160 * MIB
    with pytest.raises(InputError, match="workload other"):
        workload_of(made(peaks=peak(other=2)))


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["SIZE", "--platform", "heroku"], "--platform heroku: one of compose, kubernetes", 2),
        (["SIZE", "--resume"], "no trial to go on with", 2),
        (["SIZE", "--resume", "--out", "nowhere"], "no trial to go on with", 2),
        (["nowhere"], "nowhere: no such file or folder; give a folder that `dagster-sizing size --out`", 2),
        (["README.md"], "not JSON", 2),
        (["SIZE", "--cpus", "200"], "--cpus", 3),
        (["LARGE"], "GiB, and this machine", 3),
        (["NONE"], "there is no size to try", 2),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_starts(
    run: Run, tmp_path: Path, arguments: list[str], words: str, code: int
) -> None:
    sizes = {
        "SIZE": made(),
        "LARGE": sizing(compose=Size(1.0, 2**50), scenario=SCENARIO),
        "NONE": sizing(compose=None, scenario=SCENARIO),
    }
    for name, one in sizes.items():
        write_sizing(tmp_path / name, one)
    done = run("try", *(str(tmp_path / word) if word in sizes else word for word in arguments))
    assert done.returncode == code, done.stdout
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_trial_is_not_overwritten_nor_gone_on_with_as_another(run: Run, tmp_path: Path) -> None:
    write_sizing(tmp_path / "size", made())
    write_trial(tmp_path / "trial", trial())
    there = ("try", str(tmp_path / "size"), "--out", str(tmp_path / "trial"))
    assert "holds a trial already" in run(*there).stderr
    done = run(*there, "--resume")
    assert done.returncode == 2
    assert "sizing_sha256: the trial there is of another one" in done.stderr


def tried(folder: Path, size: Path, runs_succeeded: int) -> Path:
    """A trial whose only attempt was measured to the end; so many of the nine runs of a burst succeeded."""
    write_sizing(size, made())
    machine = FingerprintRecord({"cpu_count": 2})
    begun = new_trial(read_sizing(size), "compose", StackName.process, 0.0, machine)
    write_trial(folder, begun)
    scenario = scenario_of(made(), begun, begun.cpus, begun.memory_bytes, 9, 5, "size")
    result = ResultFolder(folder / "size")
    cell = cell_record(cpus=begun.cpus, memory_bytes=begun.memory_bytes, planned_bursts=5)
    result.write_document(document(scenario_sha256=sha256_of(scenario), cells=(cell,)))
    rows = [
        burst_row(9, burst, runs_succeeded=runs_succeeded, launch_answer_max_seconds=4.0)
        for burst in range(5)
    ]
    pd.DataFrame(rows).to_parquet(result.path / "bursts.parquet")
    return folder


def test_a_trial_ends_with_its_page(run: Run, tmp_path: Path) -> None:
    folder = tried(tmp_path / "trial", tmp_path / "size", runs_succeeded=9)
    done = run("try", str(tmp_path / "size"), "--no-boundary", "--resume", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert f"report: {folder / 'report.html'}" in done.stdout
    assert "the size HELD" in (folder / "report.html").read_text("utf-8")


def test_a_page_that_cannot_be_written_does_not_change_how_a_trial_ends(run: Run, tmp_path: Path) -> None:
    folder = tried(tmp_path / "trial", tmp_path / "size", runs_succeeded=8)
    (folder / "report.html").mkdir()
    done = run("try", str(tmp_path / "size"), "--no-boundary", "--resume", "--out", str(folder))
    assert done.returncode == 6
    warning, error = done.stderr.strip().splitlines()
    assert warning.startswith(f"warning: {folder / 'report.html'}: not written: ")
    assert error.startswith("error: the size did not hold: 0 of 5 bursts of 9 runs held")
    assert f"report: {folder / 'try.md'}" in done.stdout
    assert read_trial(folder).finished_at


def test_a_trial_comes_back_as_it_was_written(tmp_path: Path) -> None:
    whole = trial(attempt("size", "held"), boundaries=(boundary(),))
    write_trial(tmp_path, whole)
    assert read_trial(tmp_path) == whole
    assert json.loads((tmp_path / "try.json").read_text())["schema_version"] == 1


@pytest.mark.parametrize("left", [0, 2])
def test_a_size_without_its_sums_is_refused_in_a_line(run: Run, tmp_path: Path, left: int) -> None:
    write_sizing(tmp_path, made())
    file = tmp_path / "sizing.json"
    told = json.loads(file.read_text())
    told["quantities"] = told["quantities"][:left]
    file.write_text(json.dumps(told), encoding="utf-8")
    done = run("try", str(tmp_path))
    assert done.returncode == 2
    assert f"{file}: quantities: Tuple should have at least 3 items" in done.stderr
    assert "make it again with `dagster-sizing size --out`" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def boundary() -> Any:
    attempts = [attempt("runs-10", "held", runs=10), attempt("runs-11", "killed", runs=11)]
    predicted = runs_predicted([kind()], lambda n: {"io_bound": n}, 1024 * MIB)
    return runs_boundary(attempts, 1024 * MIB, 9, predicted)


@pytest.mark.parametrize(
    ("attempts", "words"),
    [
        ([], "was not tried to the end"),
        ([attempt("size", "held")], "the size HELD: 5 of 5 bursts of 9 runs"),
        ([attempt("size", "held", start_seconds=70.0)], "after 70 s, and not within 60 s"),
        (
            [attempt("size", "killed", bursts_held=2, why="the kernel killed run x")],
            "the size BROKE: 2 of 5 bursts of 9 runs held; the kernel killed run x",
        ),
        ([attempt("size", "unclear", bursts_held=2, why="runs failed")], "did not hold: 2 of 5"),
    ],
)
def test_the_verdict_says_what_held(attempts: list[AttemptRecord], words: str) -> None:
    assert words in verdict(trial(*attempts))


def test_the_report_shows_attempts_boundaries_and_what_was_forced() -> None:
    whole = trial(
        attempt("size", "held"),
        attempt("runs-11", "killed", runs=11, bursts=1, bursts_held=0, why="the kernel killed the server"),
        boundaries=(boundary(),),
        forced=True,
        replicas=2,
        cpus_recommended=4.0,
        stack="compose",
    )
    console = Console(width=200, record=True)
    print_trial(whole, console)
    for text in (console.export_text(), render_trial_markdown(whole)):
        for words in (
            "FORCED",
            "one of 2 replicas",
            "measured on the process stack",
            "4 CPUs are recommended",
            "9 (8 to 10)",
            "runs-11: the kernel killed the server",
            "+1",
            "11%",
            "███████▋ 96%",
        ):
            assert words in text, words


def test_predictions_of_a_made_size_are_the_sum() -> None:
    assert memory_predicted(made().kinds, {"io_bound": 9}).value == pytest.approx(1010 * MIB)

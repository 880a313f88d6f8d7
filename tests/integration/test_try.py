"""From constants to a size, and to the size that was run: the boundary is where it was predicted."""

import os
from pathlib import Path

import pytest

from harness.results.sizing_document import read_sizing
from harness.results.trial_document import BoundaryRecord, TrialDocument, read_trial
from tests.integration.bench_support import (
    ATTEMPTS,
    FIXTURES,
    document,
    measure,
    read_until,
    run,
    start,
    traces,
    value,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(1800),  # what is measured for all of them counts for the first
    pytest.mark.skipif(os.geteuid() != 0, reason="a memory limit takes root here"),
]

MIB = 2**20
CPUS = ("--cpus", str(os.cpu_count()))
"""Memory is what is tried here, whatever CPUs the size asks for."""
STEP_BYTES = 32 * MIB
"""No memory limit of these trials is stepped down by more."""


@pytest.fixture(scope="module")
def known_memory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid result of three ballasts, measured with at most six runs at once.

    Memory per run rises by each ballast within 3 %: measured again where it does not, ATTEMPTS times at most.
    """
    for _ in range(ATTEMPTS):
        out = measure(FIXTURES / "known_memory.yaml", tmp_path_factory.mktemp("known-memory"))
        result = document(out)
        none = value(result, "ballast-0", "memory_per_run_bytes")
        rises = {size: value(result, f"ballast-{size}", "memory_per_run_bytes") - none for size in (64, 160)}
        print({size: f"{rise / MIB:.2f} MiB" for size, rise in rises.items()})
        if all(abs(rise - size * MIB) <= 0.03 * size * MIB for size, rise in rises.items()):
            return out
    pytest.fail(f"last attempt: {rises}")


def size(result: Path, folder: Path, *options: str) -> Path:
    """The folder of a size for runs of 45 s; the whole peak may take 20 s to start."""
    code, output = run(
        *("size", str(result), "--run-duration", "45s", "--start-within", "20s", "--out", str(folder)),
        *options,
        state=folder / "state",
    )
    assert code == 0, output
    return folder


def near(boundary: BoundaryRecord) -> bool:
    """Within one run or 5 %; memory is tried in steps, and one of them more is allowed."""
    if boundary.held is None or boundary.broke is None:
        return False
    allowed = max(1.0, 0.05 * boundary.predicted)
    if boundary.axis == "memory":
        allowed = 0.05 * boundary.predicted + STEP_BYTES
    return abs(boundary.held - boundary.predicted) <= allowed


@pytest.mark.slow
@pytest.mark.parametrize(("workload", "hourly"), [("ballast-0", 70), ("ballast-160", 40)])
def test_a_recommended_size_holds_and_breaks_where_predicted(
    known_memory: Path, tmp_path: Path, workload: str, hourly: int
) -> None:
    sized = size(known_memory, tmp_path / "size", "--workload", workload, "--runs-per-hour", str(hourly))
    out, state = tmp_path / "trial", tmp_path / "state"
    code, output = run(
        *("try", str(sized), "--out", str(out), "--boundary-bursts", "1"),
        *CPUS,
        state=state,
    )
    assert code == 0, output
    assert traces(state) == []
    trial = read_trial(out)
    assert trial.size is not None
    assert (trial.size.bursts, trial.size.bursts_held, trial.size.oom_kills) == (5, 5, 0)
    assert {one.axis for one in trial.boundaries} == {"runs", "memory"}
    for boundary in trial.boundaries:
        print(f"{workload} {boundary.axis}: {boundary.predicted:.0f} predicted, {boundary.held} held")
        assert near(boundary), output
    assert "the size HELD: 5 of 5" in output
    assert "Where it breaks" in (out / "try.md").read_text()


@pytest.mark.slow
def test_a_size_that_is_too_small_breaks_and_says_so(known_memory: Path, tmp_path: Path) -> None:
    """A size that was edited by hand: memory for half of its runs."""
    sized = size(known_memory, tmp_path / "size", "--workload", "ballast-160", "--runs-per-hour", "40")
    file = sized / "sizing.json"
    shape = read_sizing(sized).shape("compose")
    assert shape.memory_bytes is not None
    file.write_text(file.read_text().replace(str(shape.memory_bytes), str(shape.memory_bytes // 2)))
    out, state = tmp_path / "trial", tmp_path / "state"
    options = ("try", str(sized), "--out", str(out), "--no-boundary", "--bursts", "1", *CPUS)
    code, output = run(*options, state=state)
    assert code == 6, output
    assert "the size BROKE: 0 of" in output
    assert "the kernel killed" in output
    assert traces(state) == []
    trial = read_trial(out)
    assert trial.size is not None
    assert trial.size.oom_kills > 0
    # what was tried is not tried again
    code, output = run(*options, "--resume", state=state)
    assert code == 6
    assert "starting the code server" not in output


def test_a_mix_is_tried_as_one_burst_and_goes_on_after_ctrl_c(known_memory: Path, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(
        "jobs:\n"
        "  - {name: light, workload: ballast-0, duration: 1m, every: 1h, at_once: 3}\n"
        "  - {name: heavy, workload: ballast-160, duration: 59m, every: 1h}\n"
    )
    folder, state, out = tmp_path / "size", tmp_path / "state", tmp_path / "trial"
    code, output = run(
        *("size", str(known_memory), "--jobs", str(jobs), "--start-within", "20s", "--out", str(folder)),
        state=state,
    )
    assert code == 0, output
    runs = read_sizing(folder).peak.runs
    assert runs["ballast-160"] >= 1
    assert runs["ballast-0"] >= 1
    options = ("try", str(folder), "--out", str(out), "--no-boundary", "--bursts", "1", *CPUS)
    process = start(*options, state=state)
    read_until(process, "warm-up burst 1")
    process.terminate()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "--resume" in output
    assert traces(state) == []
    code, output = run(*options, "--resume", state=state)
    assert code == 0, output
    trial: TrialDocument = read_trial(out)
    assert trial.size is not None
    assert trial.size.runs == sum(runs.values())
    assert document(out / "size").cells[0].workload == "mix"

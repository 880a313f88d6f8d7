"""The compose stack against costs that are known, and against the process stack."""

from pathlib import Path

import pytest

from harness.model.constants import CONSTANTS, OF_TICKS
from harness.results.folder import ResultFolder
from tests.integration.bench_support import ATTEMPTS, FIXTURES, QUICK, document, measure, value

pytestmark = pytest.mark.e2e

MIB = 2**20
COMPOSE = ("--stack", "compose")
ONLY_IO = ("--set", "workloads=[{workload: io_bound}]")


@pytest.mark.timeout(1800)  # two experiments, and more where the machine is not quiet
def test_the_quick_scenario_agrees_with_the_process_stack_on_memory_per_run(tmp_path: Path) -> None:
    """Within 5 %, same version and workload."""
    out = measure(QUICK, tmp_path / "compose", *COMPOSE)
    in_containers = document(out)
    assert in_containers.stack == "compose"
    assert in_containers.fingerprint["engine"]["docker"]
    for cell in in_containers.cells:
        known = {constant.name for constant in cell.constants if constant.value is not None}
        assert known == CONSTANTS.keys() - OF_TICKS
        assert cell.packages["dagster"] == cell.dagster_version
        assert cell.limits is not None
        assert cell.limits.enforced
        assert cell.events == ()
    as_processes = document(measure(QUICK, tmp_path / "process", *ONLY_IO))
    ours, theirs = (
        value(result, "io_bound", "memory_per_run_bytes") for result in (in_containers, as_processes)
    )
    print(f"containers {ours / MIB:.1f} MiB, processes {theirs / MIB:.1f} MiB, ratio {ours / theirs:.3f}")
    assert ours == pytest.approx(theirs, rel=0.05)
    logs = "".join(f.read_text("utf-8", errors="replace") for f in (out / "logs").rglob("*.log"))
    assert "started" in logs.lower()
    assert "never-published" not in logs


@pytest.mark.timeout(1800)
def test_memory_per_run_rises_by_160_mib_of_ballast(tmp_path: Path) -> None:
    """Within 3 %."""
    options = ("--set", "workloads=[{workload: io_bound, name: none}, {workload: io_bound, ballast: 160MiB}]")
    for attempt in range(ATTEMPTS):
        result = document(
            measure(FIXTURES / "known_memory.yaml", tmp_path / str(attempt), *COMPOSE, *options)
        )
        none = value(result, "none", "memory_per_run_bytes")
        rise = value(result, "io_bound", "memory_per_run_bytes") - none
        print(f"160 MiB of ballast: +{rise / MIB:.2f} MiB")
        if abs(rise - 160 * MIB) <= 0.03 * 160 * MIB:
            return
    pytest.fail(f"last attempt: {rise / MIB:.2f} MiB")


def test_half_a_cpu_halves_the_throughput_and_shows_as_throttling(tmp_path: Path) -> None:
    """Of work that could use more: the rates of CPU use are the kernel's doing, not the machine's mood."""
    out = measure(FIXTURES / "half_a_cpu.yaml", tmp_path, *COMPOSE)
    bursts = ResultFolder(out).table("bursts")
    measured = bursts[bursts["phase"] == "measure"]
    cores, throttled = {}, {}
    for cpus in (0.5, 1.0):
        rows = measured[measured["cell_id"].str.contains(f"-{cpus:g}cpu-")]
        cores[cpus] = rows["exec_cpu_seconds"].sum() / rows["exec_window_seconds"].sum()
        throttled[cpus] = rows["throttled_seconds"].sum()
    print(f"cores used {cores}, throttled seconds {throttled}")
    assert 0.4 <= cores[0.5] <= 0.55
    assert 0.8 <= cores[1.0] <= 1.1
    assert throttled[0.5] > 1

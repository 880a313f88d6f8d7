"""The compose stack against costs that are known, and against the process stack."""

from pathlib import Path

import pytest

from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from tests.integration.bench_support import ATTEMPTS, FIXTURES, QUICK, document, measure, value
from tests.usual import usual_constants

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MIB = 2**20
COMPOSE = ("--stack", "compose")
BRIEF = ("--set", "load.levels=[1,4]")
HEAVY = "{workload: io_bound, name: heavy, ballast: 160MiB}"
BOTH = ("--set", f"workloads=[{{workload: io_bound}}, {HEAVY}]")
ONLY_IO = ("--set", "workloads=[{workload: io_bound}]")


@pytest.mark.timeout(1800)  # two experiments, and more where the machine is not quiet
def test_the_quick_scenario_agrees_with_the_process_stack_on_memory_per_run(tmp_path: Path) -> None:
    """Within 5 %, same version and workload; and it rises by a ballast of 160 MiB within 3 %."""
    for attempt in range(ATTEMPTS):
        out = measure(QUICK, tmp_path / f"compose-{attempt}", *COMPOSE, *BRIEF, *BOTH)
        in_containers = document(out)
        check_containers(out, in_containers)
        ours, heavy = (value(in_containers, name, "memory_per_run_bytes") for name in ("io_bound", "heavy"))
        rise = heavy - ours
        print(f"160 MiB of ballast: +{rise / MIB:.2f} MiB")
        if abs(rise - 160 * MIB) <= 0.03 * 160 * MIB:
            break
    else:
        pytest.fail(f"last attempt: {rise / MIB:.2f} MiB")
    as_processes = document(measure(QUICK, tmp_path / "process", *BRIEF, *ONLY_IO))
    theirs = value(as_processes, "io_bound", "memory_per_run_bytes")
    print(f"containers {ours / MIB:.1f} MiB, processes {theirs / MIB:.1f} MiB, ratio {ours / theirs:.3f}")
    assert ours == pytest.approx(theirs, rel=0.05)


def check_containers(out: Path, result: ResultDocument) -> None:
    """What every experiment in containers says of itself."""
    assert result.stack == "compose"
    assert result.fingerprint.root["engine"]["docker"]
    for cell in result.cells:
        known = {constant.name for constant in cell.constants if constant.value is not None}
        assert known == usual_constants("runs", ["webserver"])
        assert cell.packages["dagster"] == cell.dagster_version
        assert cell.limits is not None
        assert cell.limits.enforced
        assert cell.events == ()
    logs = "".join(f.read_text("utf-8", errors="replace") for f in (out / "logs").rglob("*.log"))
    assert "started" in logs.lower()
    assert "never-published" not in logs


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

"""One small bench in containers, from images to constants: what every `make test` sees of them."""

from pathlib import Path

import pytest

from tests.integration.bench_support import ONE_WARM_UP, QUICK, document, measure, value

pytestmark = [pytest.mark.e2e, pytest.mark.smoke]
MIB = 2**20


def test_a_small_bench_in_containers_is_valid_and_leaves_nothing(tmp_path: Path) -> None:
    options = ["--stack", "compose", "--set", "load.levels=[1,3]", "--set", "load.repeats=3"]
    options += ["--set", ONE_WARM_UP]
    out = measure(QUICK, tmp_path, *options, "--set", "workloads=[{workload: io_bound}]")
    result = document(out)
    (cell,) = result.cells
    assert cell.limits is not None
    assert cell.limits.enforced
    assert cell.limits.method.startswith("docker")
    assert 60 * MIB < value(result, "io_bound", "memory_per_run_bytes") < 160 * MIB

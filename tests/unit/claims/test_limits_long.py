"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.limits_long import CLAIM
from harness.claims.measured import Measured
from harness.results.scenario_record import ScenarioRecord
from tests.unit.claims.made import Rows, measured

MEANT = 301.0


def decided(
    lengths: list[float], level: int = 12, peak: int = 12, failed: int = 0, launches: int = 12
) -> Decision:
    """One burst whose runs took `lengths`, the first `failed` of which failed."""
    burst: Rows = [{"burst": 1, "level": level, "launches": launches, "concurrency_peak": peak}]
    runs: Rows = [
        {
            "burst": 1,
            "status": "FAILURE" if n < failed else "SUCCESS",
            "run_start_epoch_seconds": 10.0 + n,
            "run_end_epoch_seconds": 10.0 + n + length,
        }
        for n, length in enumerate(lengths)
    ]
    made = measured({"bursts": [burst[0] | {"memory_peak_bytes": 1e9}], "runs": runs})
    scenario = {"workloads": [{"workload": "io_bound", "duration": MEANT}]}
    document = made.document.model_copy(update={"scenario": ScenarioRecord(scenario)})
    return CLAIM.decide({"long": Measured(document, made._table)})


def test_runs_that_go_through_as_meant_refute_it() -> None:
    decision = decided([MEANT + 1] * 12)
    assert decision.verdict == "refuted"
    assert decision.numbers[1].value == pytest.approx(1.0, abs=0.01)


def test_runs_that_fail_or_stretch_support_it() -> None:
    assert decided([MEANT] * 12, failed=12).verdict == "supported"
    assert decided([1.6 * MEANT] * 12).verdict == "supported"


@pytest.mark.parametrize(
    "decision",
    [
        decided([1.4 * MEANT] * 12),
        decided([MEANT] * 12, failed=1),
        decided([MEANT] * 12, peak=11),
        decided([MEANT] * 10, level=10, peak=10, launches=10),
        decided([MEANT] * 11, launches=12),
        decided([]),
    ],
    ids=["between", "one failed", "not at once", "low level", "one unknown", "nothing"],
)
def test_all_else_leaves_it_open(decision: Decision) -> None:
    assert decision.verdict == "inconclusive"

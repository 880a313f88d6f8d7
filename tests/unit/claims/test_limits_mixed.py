"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.limits_mixed import CLAIM
from harness.claims.measured import Measured
from harness.results.scenario_record import ScenarioRecord
from tests.unit.claims.made import Rows, measured

DURATION = 8.0
HOLD = 30.0
"""What the harness would have chosen; it counts only where the scenario sets no duration."""


def bursts(mean: float = DURATION, level: int = 24, count: int = 3, **more: object) -> Rows:
    """Bursts whose runs last `mean` seconds."""
    return [
        {
            "burst": n,
            "level": level,
            "launches": level,
            "runs_succeeded": level,
            "concurrency_peak": level - 2,
            "hold_seconds": HOLD,
            "run_seconds": mean * level,
        }
        | more
        for n in range(count)
    ]


def decided(rows: Rows, duration: float | str = DURATION, workload: str = "io_bound") -> Decision:
    made = measured({"bursts": rows})
    entry = {"workload": workload, "duration": duration, "cpu_seconds": 2.0}
    scenario = {"workloads": [entry]}
    document = made.document.model_copy(update={"scenario": ScenarioRecord(scenario)})
    return CLAIM.decide({"mixed": Measured(document, made._table)})


def test_bursts_that_fail_or_stretch_support_it() -> None:
    assert decided(bursts(runs_succeeded=20)).verdict == "supported"
    assert decided(bursts(mean=1.6 * DURATION)).verdict == "supported"


def test_bursts_that_go_through_refute_it() -> None:
    assert decided(bursts(mean=1.1 * DURATION)).verdict == "refuted"


def test_runs_without_a_duration_are_compared_with_their_hold() -> None:
    assert decided(bursts(mean=1.1 * HOLD), "auto").verdict == "refuted"
    assert decided(bursts(mean=1.6 * HOLD), "auto").verdict == "supported"


def test_mixed_runs_compute_on_top_of_their_duration() -> None:
    assert decided(bursts(mean=1.6 * DURATION)).verdict == "supported"
    assert decided(bursts(mean=1.6 * DURATION), workload="mixed").verdict == "inconclusive"
    assert decided(bursts(mean=DURATION + 2), workload="mixed").verdict == "refuted"


@pytest.mark.parametrize(
    "rows",
    [
        bursts(mean=1.4 * DURATION),
        bursts(concurrency_peak=15),
        bursts(count=1),
        [*bursts()[:2], bursts(runs_succeeded=20)[2]],
        bursts(level=12, concurrency_peak=20),
        [{"burst": n, "level": 24} for n in range(3)],
        [],
    ],
    ids=["between", "too few at once", "one burst", "differ", "low level", "bare", "nothing"],
)
def test_all_else_leaves_it_open(rows: Rows) -> None:
    assert decided(rows).verdict == "inconclusive"

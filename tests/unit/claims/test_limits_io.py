"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.limits_io import CLAIM
from tests.unit.claims.made import Rows, measured

HOLD = 50.0


def bursts(stretch: float = 1.0, level: int = 40, count: int = 2, **more: object) -> Rows:
    return [
        {
            "burst": n,
            "level": level,
            "launches": level,
            "runs_succeeded": level,
            "concurrency_peak": level,
            "hold_seconds": HOLD,
            "run_seconds": stretch * HOLD * level,
        }
        | more
        for n in range(count)
    ]


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"many": measured({"bursts": rows})})


def test_bursts_that_fail_or_stretch_support_it() -> None:
    assert decided(bursts(runs_succeeded=39)).verdict == "supported"
    assert decided(bursts(runs_succeeded=0, concurrency_peak=0)).verdict == "supported"
    assert decided(bursts(stretch=1.6)).verdict == "supported"


def test_bursts_that_go_through_refute_it() -> None:
    decision = decided(bursts(stretch=1.02))
    assert decision.verdict == "refuted"
    assert "1.02, 1.02" in decision.evidence


@pytest.mark.parametrize(
    "rows",
    [
        bursts(stretch=1.4),
        bursts(concurrency_peak=30),
        bursts(drained=False),
        bursts(count=1),
        [*bursts()[:1], bursts(stretch=1.6)[1]],
        bursts(level=30),
        [{"burst": n, "level": 40} for n in range(2)],
        [],
    ],
    ids=["between", "too few at once", "not drained", "one burst", "differ", "low level", "bare", "nothing"],
)
def test_all_else_leaves_it_open(rows: Rows) -> None:
    assert decided(rows).verdict == "inconclusive"

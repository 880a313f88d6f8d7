"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.limits_cpu import CLAIM
from tests.unit.claims.made import Rows, measured


def bursts(stretch: float, repeats: int = 3, level: int = 4, failed: int = 0) -> Rows:
    """Runs that take four seconds alone and `stretch` times as long with others."""
    return [
        {
            "burst": 10 * size + repeat,
            "level": size,
            "launches": size,
            "runs_succeeded": size - (failed if size > 1 else 0),
            "runs_failed": failed if size > 1 else 0,
            "run_seconds": 4.0 * size * (stretch if size > 1 else 1) * (1 + 0.01 * (repeat - 1)),
        }
        for size in (1, level)
        for repeat in range(repeats)
    ]


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"cpu": measured({"bursts": rows})})


def test_runs_that_go_on_as_alone_support_it() -> None:
    assert decided(bursts(1.05)).verdict == "supported"


def test_runs_that_are_held_back_refute_it() -> None:
    decision = decided(bursts(2.0))
    assert decision.verdict == "refuted"
    assert decision.numbers[0].value == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(
    "rows", [bursts(1.4), bursts(2.0, repeats=2), bursts(2.0, level=3), bursts(2.0, failed=1), []]
)
def test_all_else_leaves_it_open(rows: Rows) -> None:
    assert decided(rows).verdict == "inconclusive"

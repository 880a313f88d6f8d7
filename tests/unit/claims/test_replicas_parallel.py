"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.replicas_parallel import CLAIM
from tests.unit.claims.made import Rows, measured


def bursts(gain: float, repeats: int = 3, levels: tuple[int, ...] = (1, 2, 4)) -> Rows:
    """Runs of five seconds; at several levels `gain` times as many per second as one at a time."""
    return [
        {
            "burst": 10 * level + repeat,
            "level": level,
            "runs_succeeded": level,
            "runs_failed": 0,
            "exec_window_seconds": level * 5.0 / (gain if level > 1 else 1) * (1 + 0.01 * (repeat - 1)),
        }
        for level in levels
        for repeat in range(repeats)
    ]


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"cpu": measured({"bursts": rows})})


def test_no_gain_on_one_server_supports_it() -> None:
    assert decided(bursts(1.0)).verdict == "supported"


def test_a_gain_on_one_server_refutes_it() -> None:
    decision = decided(bursts(1.8))
    assert decision.verdict == "refuted"
    assert decision.numbers[0].value == pytest.approx(1.8, rel=0.02)


@pytest.mark.parametrize(
    "rows", [bursts(1.2), bursts(1.8, repeats=2), bursts(1.8, levels=(1,)), bursts(1.8, levels=(2, 4)), []]
)
def test_all_else_leaves_it_open(rows: Rows) -> None:
    assert decided(rows).verdict == "inconclusive"

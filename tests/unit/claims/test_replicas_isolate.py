"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.measured import Measured
from harness.claims.replicas_isolate import CLAIM
from tests.unit.claims.losses_made import loss_burst, runs_at_loss
from tests.unit.claims.made import measured

KILLED = {"lost_cause": "killed", "oom_kills": 0}


def losses(shares: list[tuple[int, int]], without: int = 0) -> Measured:
    """Bursts of (lost, kept) runs in flight, and `without` in which no server died."""
    bursts = [row for n in range(len(shares)) for row in loss_burst(n, **KILLED)]
    for n in range(without):
        bursts += loss_burst(100 + n, lost_at_epoch_seconds=float("nan"), lost_cause="")
    runs = [row for n, (lost, kept) in enumerate(shares) for row in runs_at_loss(n, lost, kept)]
    return measured({"bursts": bursts, "runs": runs})


def decided(three: Measured, one: Measured | None = None) -> Decision:
    return CLAIM.decide({"replicas": three, "loss-long": one or losses([(8, 0)] * 3)})


def test_a_third_lost_supports_it() -> None:
    decision = decided(losses([(3, 6), (3, 6), (4, 5)]))
    assert decision.verdict == "supported"
    assert [number.value for number in decision.numbers] == [27, 10]


def test_nearly_all_lost_refutes_it() -> None:
    assert decided(losses([(8, 0), (7, 1), (8, 2)])).verdict == "refuted"


@pytest.mark.parametrize(
    "three",
    [
        losses([(8, 0), (3, 6), (8, 0)]),
        losses([(6, 4)] * 3),
        losses([(3, 6)] * 2),
        losses([(3, 6)] * 3, without=1),
        losses([(0, 0)] * 3),
        losses([]),
    ],
    ids=["differ", "between", "few", "no loss", "none in flight", "nothing"],
)
def test_all_else_leaves_it_open(three: Measured) -> None:
    assert decided(three).verdict == "inconclusive"


def test_a_single_server_that_does_not_lose_all_leaves_it_open() -> None:
    assert decided(losses([(3, 6)] * 3), losses([(8, 0), (8, 1), (8, 0)])).verdict == "inconclusive"
    assert decided(losses([(3, 6)] * 3), losses([])).verdict == "inconclusive"

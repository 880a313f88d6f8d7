"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.long_runs_replicas import CLAIM
from harness.claims.measured import Measured
from tests.unit.claims.losses_made import loss_burst, runs_at_loss
from tests.unit.claims.made import measured


def losses(ages: list[float]) -> Measured:
    """Bursts whose eight lost runs had been running for so long."""
    bursts = [row for n in range(len(ages)) for row in loss_burst(n, lost_cause="killed")]
    runs = [row for n, age in enumerate(ages) for row in runs_at_loss(n, lost=8, age=age)]
    return measured({"bursts": bursts, "runs": runs})


def decided(short: list[float], long: list[float]) -> Decision:
    return CLAIM.decide({"loss-short": losses(short), "loss-long": losses(long)})


def test_losses_that_grow_with_the_length_support_it() -> None:
    decision = decided([6.0, 6.2, 5.9], [12.0, 12.3, 12.1])
    assert decision.verdict == "supported"
    assert decision.numbers[0].value == pytest.approx(2.0, rel=0.05)


def test_losses_that_do_not_grow_refute_it() -> None:
    assert decided([6.0, 6.1, 5.9], [6.0, 6.1, 6.0]).verdict == "refuted"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ([6.0, 6.1, 5.9], [7.5, 7.4, 7.6]),
        ([3.0, 9.0, 6.0], [6.0, 18.0, 12.0]),
        ([6.0, 6.0], [12.0, 12.0]),
        ([], []),
    ],
    ids=["between", "scattered", "few", "nothing"],
)
def test_all_else_leaves_it_open(short: list[float], long: list[float]) -> None:
    assert decided(short, long).verdict == "inconclusive"

"""Made data on each side of the rule; `test_oom_kills_all_heavy` has the same rule on other runs."""

import pytest

from harness.claims.base import Decision
from harness.claims.oom_kills_all_light import CLAIM
from tests.unit.claims.losses_made import loss_burst, runs_at_loss
from tests.unit.claims.made import Rows, measured

LIVED = {"lost_at_epoch_seconds": float("nan"), "lost_cause": "", "runs_succeeded": 2, "runs_stuck": 0}


def decided(bursts: list[Rows], kept: int = 0) -> Decision:
    rows = [row for burst in bursts for row in burst]
    runs = [row for n in range(len(bursts)) for row in runs_at_loss(n, lost=3, kept=kept)]
    return CLAIM.decide({"oom-light": measured({"bursts": rows, "runs": runs})})


def test_servers_that_die_with_all_their_runs_support_it() -> None:
    decision = decided([loss_burst(n) for n in range(3)])
    assert decision.verdict == "supported"
    values = {number.name: number.value for number in decision.numbers}
    assert (values["runs in flight when it died"], values["of them lost"]) == (9, 9)
    assert values["runs left in progress"] == 12


def test_servers_that_live_on_refute_it() -> None:
    assert decided([loss_burst(n, **LIVED) for n in range(3)]).verdict == "refuted"


@pytest.mark.parametrize(
    "third",
    [
        loss_burst(2, **LIVED),
        loss_burst(2, **LIVED | {"oom_kills": 0}),
        loss_burst(2, lost_cause="exit"),
        [],
    ],
    ids=["differs", "no kill", "another cause", "two bursts"],
)
def test_bursts_that_differ_or_tell_nothing_leave_it_open(third: Rows) -> None:
    assert decided([loss_burst(0), loss_burst(1), third]).verdict == "inconclusive"


def test_runs_in_flight_that_survive_leave_it_open() -> None:
    assert decided([loss_burst(n) for n in range(3)], kept=1).verdict == "inconclusive"


def test_nothing_measured_leaves_it_open() -> None:
    assert decided([]).verdict == "inconclusive"

"""The same rule as for light runs, on its own experiment."""

from harness.claims.oom_kills_all_heavy import CLAIM
from tests.unit.claims.losses_made import loss_burst, runs_at_loss
from tests.unit.claims.made import measured
from tests.unit.claims.test_oom_kills_all_light import LIVED


def verdict(lived: list[bool]) -> str:
    bursts = [row for n, one in enumerate(lived) for row in loss_burst(n, **(LIVED if one else {}))]
    runs = [row for n in range(len(lived)) for row in runs_at_loss(n, lost=3)]
    return CLAIM.decide({"oom-heavy": measured({"bursts": bursts, "runs": runs})}).verdict


def test_the_first_victim_is_named() -> None:
    bursts = [
        row | {"oom_victims": f"run {n}, pid 4{n}, 415 MiB RSS; run x, pid 5, 9 MiB RSS"}
        for n in range(3)
        for row in loss_burst(n, **LIVED)
    ]
    decision = CLAIM.decide({"oom-heavy": measured({"bursts": bursts})})
    assert "3 processes were killed (the first: run 0, pid 40, 415 MiB RSS)" in decision.evidence


def test_each_side_of_the_rule() -> None:
    assert verdict([False, False, False]) == "supported"
    assert verdict([True, True, True]) == "refuted"
    assert verdict([True, True, False]) == "inconclusive"
    assert verdict([True, True]) == "inconclusive"

"""Made data; the counts of days on each side of the rule are tested with `burst-poisson`."""

import pytest

from harness.claims.burst_bursty import BATCH, CLAIM
from harness.claims.headroom import DAYS, judge_days
from tests.unit.claims.arrivals import arrivals
from tests.unit.claims.made import measured


def test_batches_above_the_factor_refute_it() -> None:
    decision = CLAIM.decide({"arrivals": arrivals()})
    assert decision.verdict == "refuted"
    values = {number.name: number.value for number in decision.numbers}
    # one batch of ten is already four times the average
    assert values["share of days above 2.5 times an average of 2.5"] == 1
    assert values["factor that holds on 95 % of days, average 2.5"] >= BATCH / 2.5
    assert values["share of time above 2.5 times an average of 2.5"] == pytest.approx(0.2212, abs=1e-4)


def test_the_rule_can_support_it_and_leave_it_open() -> None:
    assert judge_days(1, DAYS)[0] == "supported"
    assert judge_days(60, DAYS)[0] == "inconclusive"


def test_too_few_runs_leave_it_open() -> None:
    assert CLAIM.decide({"arrivals": arrivals(runs=9)}).verdict == "inconclusive"
    assert CLAIM.decide({"arrivals": measured({})}).verdict == "inconclusive"

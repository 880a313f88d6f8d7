"""Made data, and made counts of days on each side of the rule."""

import pytest

from harness.claims.burst_poisson import CLAIM
from harness.claims.headroom import DAYS, judge_days
from tests.unit.claims.arrivals import arrivals
from tests.unit.claims.made import Rows, measured


def test_days_that_keep_below_support_it() -> None:
    assert judge_days(0, DAYS)[0] == "supported"


def test_days_that_go_above_refute_it() -> None:
    verdict, share = judge_days(DAYS, DAYS)
    assert verdict == "refuted"
    assert share.low < 1 == share.high


@pytest.mark.parametrize("exceeded", [5, 50, 110])
def test_days_between_leave_it_open(exceeded: int) -> None:
    # 5 of 200 is 2.5 %, but its interval reaches above 5 %; 110 is 55 %, but reaches below 50 %
    assert judge_days(exceeded, DAYS)[0] == "inconclusive"


def test_a_small_average_needs_more_than_the_factor_and_a_large_one_less() -> None:
    decision = CLAIM.decide({"arrivals": arrivals()})
    assert decision.verdict == "refuted"
    values = {number.name: number.value for number in decision.numbers}
    assert values["share of days above 2.5 times an average of 2.5"] > 0.95
    assert values["factor that holds on 95 % of days, average 2.5"] > 2.5
    assert values["share of days above 2.5 times an average of 15"] < 0.05
    assert values["factor that holds on 95 % of days, average 15"] < 2.5
    assert values["share of time above 2.5 times an average of 2.5"] == pytest.approx(0.0142, abs=1e-4)
    assert values["bursts whose peak the model holds possible"] == 3


def test_a_peak_out_of_the_models_band_is_told() -> None:
    decision = CLAIM.decide({"arrivals": arrivals(peak=15)})
    assert "0 of 3 measured peaks" in decision.evidence


def test_too_few_runs_leave_it_open() -> None:
    assert CLAIM.decide({"arrivals": arrivals(runs=9)}).verdict == "inconclusive"
    assert CLAIM.decide({"arrivals": measured({})}).verdict == "inconclusive"
    bare: Rows = [{"burst": 0}]
    assert CLAIM.decide({"arrivals": measured({"bursts": bare, "runs": bare})}).verdict == "inconclusive"

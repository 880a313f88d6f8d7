"""How many more bursts are planned for, held to account by measuring so many."""

import math

import numpy as np
import pytest

from harness.compare.verdicts import decide
from harness.model.definition import Points
from harness.model.difference import Design, Difference, difference
from harness.model.intervals import Estimate
from harness.model.more_bursts import times_to_decide
from harness.results.comparison_document import margin

WITHIN = margin(0.03, 0.0, 1.0)


def test_an_interval_halves_with_four_times_the_bursts() -> None:
    within = Estimate(1.0, 1 / 1.06, 1.06, 6)
    assert times_to_decide(within, WITHIN, 1) == pytest.approx((math.log(1.06) / math.log(1.03)) ** 2)
    assert times_to_decide(Estimate(1.0, 0.99, 1.01, 6), WITHIN, 1) == 1
    assert times_to_decide(Estimate(1.0299, 1.0, 1.0607, 6), WITHIN, 1) > 1e4  # whatever is measured
    beyond = Estimate(1.08, 1.0, 1.1664, 6)
    assert times_to_decide(beyond, WITHIN, 1) == pytest.approx(1.0, abs=0.01)
    assert times_to_decide(beyond, WITHIN, 16) == pytest.approx((2.955 / 1.960) ** 2, rel=0.01)


def test_what_may_vanish_has_to_be_known_on_one_side_only() -> None:
    may_vanish = margin(0.10, 0.02, 0.01)
    assert times_to_decide(Estimate(1.0, 1 / 9, 9.0, 6), may_vanish, 1) == pytest.approx(4.0)
    assert times_to_decide(Estimate(3.0, 1.0, 9.0, 6), may_vanish, 1) == math.inf


@pytest.mark.parametrize("effect", [0.0, 0.10])
def test_so_many_decide_it(effect: float) -> None:
    """Of 30 comparisons that are open, most are decided with twice as many bursts as were planned for."""
    rng = np.random.default_rng(5)

    def compared(bursts: int, seed: int) -> Difference:
        design = Design.of_one_machine(np.arange(bursts) // 3)
        first, second = (
            Points("mean", np.ones(bursts), rng.normal(1 + more, 0.06, bursts)) for more in (0.0, effect)
        )
        found = difference(first, second, (design, design), seed, permutations=499)
        assert isinstance(found, Difference)
        return found

    within, decided, planned = margin(0.05, 0.0, 1.0), 0, 0
    seed = 0
    while planned < 30:
        seed += 1
        few = compared(9, seed)
        times = times_to_decide(few.ratio, within, 1)
        if decide(few.ratio, few.p_value, within) != "inconclusive" or times > 20:
            continue
        planned += 1
        more = compared(3 * math.ceil(2 * 3 * times), seed)
        decided += decide(more.ratio, more.p_value, within) != "inconclusive"
    assert decided >= 20

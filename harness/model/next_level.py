"""Which levels bursts had best have, one after another or all at once, and how narrow an interval is. Pure.

The variance of a line's slope is that of the noise over the sum of squared distances of the levels from their
mean (Draper & Smith 1998, section 1.4), so bursts at the ends narrow its interval most (Elfving 1952). All at
the ends, none would tell whether it is a line at all: some are for the levels between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np

from harness.model.intervals import CONFIDENCE, MINIMUM_FOR_LINE, Estimate, NotEstimable
from harness.model.noise import expected_reach

ONE_IN = 8
"""One burst of so many is for a level between the ends."""


def next_level(seconds: Mapping[int, float], done: Sequence[int]) -> int:
    """The level whose burst narrows the interval of the slope most for the time that it takes.

    Args:
        seconds: that a burst of each level takes, two levels at least.
        done: levels of the bursts that are there, each of `seconds` once at least.
    """
    lowest, *between, highest = sorted(seconds)
    if between and sum(level in between for level in done) < (len(done) + 1) // ONE_IN:
        return min(between, key=lambda level: (list(done).count(level), level))

    def gained(level: int) -> float:
        return (1 / _spread(done) - 1 / _spread([*done, level])) / seconds[level]

    return max((lowest, highest), key=gained)


def optimal_levels(seconds: Mapping[int, float], repeats: int) -> list[int]:
    """The quickest bursts that make the slope's interval as narrow as `repeats` at each level would.

    How far an interval reaches is in units of the noise, which is the same for both. Decided before anything
    is measured, so intervals keep their confidence.

    Args:
        seconds: that a burst of each level takes; a higher one takes longer.
        repeats: bursts at each level, if there were as many at each.

    Returns:
        One level for each burst, every level once at least; where fewer would not do, `repeats` at each.
    """
    balanced = sorted(seconds) * repeats
    if len(seconds) < 3:
        return balanced
    asked = _reach(balanced)
    fewer = (_cheapest(sorted(seconds), bursts, asked) for bursts in range(MINIMUM_FOR_LINE, len(balanced)))
    plans = [balanced, *(levels for levels in fewer if levels)]
    return min(plans, key=lambda levels: sum(seconds[level] for level in levels))


def relative_width(estimate: Estimate | NotEstimable) -> float | None:
    """Half the width of an interval as a share of the value; None where there is none."""
    if isinstance(estimate, NotEstimable) or not estimate.value > 0:
        return None
    return (estimate.high - estimate.low) / 2 / estimate.value


def _cheapest(levels: Sequence[int], bursts: int, asked: float) -> list[int]:
    """Of the plans with so many bursts that reach no further than was asked, that with fewest at the top."""
    lowest, *between, highest = levels
    middle = [between[i % len(between)] for i in range(max(len(between), bursts // ONE_IN))]
    ends = bursts - len(middle)

    def plan(at_top: int) -> list[int]:
        return [lowest] * (ends - at_top) + middle + [highest] * at_top

    if ends < 2 or _reach(plan(ends // 2)) > asked:  # nothing reaches less far than halves
        return []
    return plan(1 + bisect_left(range(1, ends // 2), True, key=lambda at_top: _reach(plan(at_top)) <= asked))


def _reach(levels: Sequence[int]) -> float:
    return expected_reach(np.asarray(levels, dtype=float), CONFIDENCE)


def _spread(levels: Sequence[int]) -> float:
    """Sum of squared distances from the mean."""
    values = np.asarray(levels, dtype=float)
    return float(np.sum((values - values.mean()) ** 2))

"""Which level the next burst had best have, and how narrow an interval is. Pure.

The variance of a line's slope is that of the noise over the sum of squared distances of the levels from their
mean (Draper & Smith 1998, section 1.4), so bursts at the ends narrow its interval most (Elfving 1952). All at
the ends, none would tell whether it is a line at all: some are for the levels between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.model.intervals import Estimate, NotEstimable

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


def relative_width(estimate: Estimate | NotEstimable) -> float | None:
    """Half the width of an interval as a share of the value; None where there is none."""
    if isinstance(estimate, NotEstimable) or not estimate.value > 0:
        return None
    return (estimate.high - estimate.low) / 2 / estimate.value


def _spread(levels: Sequence[int]) -> float:
    """Sum of squared distances from the mean."""
    values = np.asarray(levels, dtype=float)
    return float(np.sum((values - values.mean()) ** 2))

"""How many times as many bursts would decide a comparison that is open. Pure.

A plan, not a promise: it takes the ratio for what it is, and its interval for one over the root of the
bursts. About half of those planned for are decided by then, most by twice as many.
"""

from __future__ import annotations

import math
from typing import Protocol

from harness.model.distributions import t_quantile
from harness.model.intervals import CONFIDENCE

_MANY = 1e9
"""Degrees of freedom of a normal distribution."""


class Interval(Protocol):
    """A figure with its 95 % interval."""

    @property
    def value(self) -> float:
        """The figure."""
        ...

    @property
    def low(self) -> float:
        """Lower end."""
        ...

    @property
    def high(self) -> float:
        """Upper end."""
        ...


def times_to_decide(ratio: Interval, margin: tuple[float, float], comparisons: int) -> float:
    """Times the bursts until it is decided, 1 or more; infinity for a ratio at an end of its margin.

    Args:
        ratio: to the baseline, with its 95 % interval.
        margin: ratios between which a change is none that matters; the lower may be 0.
        comparisons: among which a change has to stand out: each has so much less of a chance to err.
    """
    least, most = margin
    reach = math.log(ratio.high / ratio.low) / 2
    if least < ratio.value < most:  # the whole interval has to be within the margin
        room = min(math.log(most / ratio.value), math.log(ratio.value / least) if least else math.inf)
        return max(1.0, (reach / room) ** 2)
    if ratio.value in margin:
        return math.inf
    apart = abs(math.log(ratio.value))
    usual = t_quantile(0.5 + CONFIDENCE / 2, _MANY)
    needed = t_quantile(1 - (1 - CONFIDENCE) / 2 / max(1, comparisons), _MANY)
    return max(1.0, (needed * reach / usual / apart) ** 2)

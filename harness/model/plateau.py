"""Where throughput stops to rise with the level: its plateau, or why none is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.intervals import Estimate, NotEstimable, estimate_mean
from harness.model.linear import Array
from harness.model.ratios import ratio_of_means

RISE = 1.1
"""A rate of so many times that of a lower level is no rise that matters."""
FALL = 0.9
"""And one that is surely below so much of it is a fall."""
LEAST_SPAN = 1.5
"""The highest level over the one that a plateau begins at: nearer ones would differ by little anyway."""


@dataclass(frozen=True)
class Plateau:
    """From level `begins` to the highest one, `ends`, the rate stays what it is."""

    begins: float
    ends: float
    rate: Estimate
    """Mean over the bursts of all its levels."""


def find_plateau(levels: Array, rates: Array) -> Plateau | NotEstimable:
    """The plateau from the lowest level that no higher one surpasses.

    For each higher level the 95 % interval of the ratio of its rate to that of the first ends at or below
    `RISE`; where every one of several intervals has to, the chance to err is that of a single one (Berger
    1982).

    Args:
        levels, rates: shape (n,), of n bursts; pairs with a nan are left out.
    """
    known = np.isfinite(levels) & np.isfinite(rates)
    levels, rates = levels[known], rates[known]
    n = len(rates)
    by_level = {float(level): rates[levels == level] for level in np.unique(levels)}
    begins = [level for level in by_level if level * LEAST_SPAN <= max(by_level)]
    if not begins:
        return NotEstimable(f"it takes levels of which one is {LEAST_SPAN:g} times another", n)
    for begin in begins:
        higher = [level for level in by_level if level > begin]
        ratios = {level: ratio_of_means(by_level[level], by_level[begin]) for level in higher}
        no_rise = {x: one for x, one in ratios.items() if isinstance(one, Estimate) and one.high <= RISE}
        if len(no_rise) < len(higher):
            continue
        fallen = [f"it falls, {_told(one, x, begin)}" for x, one in no_rise.items() if one.high < FALL]
        rate = estimate_mean(np.concatenate([by_level[level] for level in (begin, *higher)]))
        if fallen or isinstance(rate, NotEstimable):
            return NotEstimable(fallen[0] if fallen else "there are too few bursts", n)
        return Plateau(begin, max(by_level), rate)
    top = ratio_of_means(by_level[max(by_level)], by_level[max(begins)])
    if isinstance(top, NotEstimable):
        return NotEstimable(f"by level there are {top.reason}", n)
    what = "it still rises" if top.low > RISE else "the bursts leave it open"
    return NotEstimable(f"{what}, {_told(top, max(by_level), max(begins))}", n)


def _told(ratio: Estimate, level: float, begin: float) -> str:
    found = f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"
    return f"at {level:g} at once {found} times what it is at {begin:g}"

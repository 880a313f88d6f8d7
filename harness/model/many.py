"""P-values of many comparisons at once, corrected for their number. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.model.linear import Array


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number (Holm 1979), in the same order."""
    order = np.argsort(p_values, kind="stable")
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order.tolist()):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


def step_down_min_p(statistics: Sequence[Array]) -> list[float]:
    """P-values corrected by the joint distribution of all comparisons, in the same order.

    Step-down minP of Westfall & Young (1993, algorithm 2.8), as in Ge, Dudoit & Speed (2003): how often would
    any of the comparisons that are left have so small a p, if nothing differed at all? Comparisons that rise
    and fall together count hardly more than one, where Holm's correction counts each. P instead of the
    statistic itself (maxT), as a slope of few bursts has far heavier tails than a mean.

    Args:
        statistics: of each comparison, shape (1 + permutations,): first as it was measured, then with the
            samples exchanged, in the same way for all comparisons in the same place.
    """
    if not statistics:
        return []
    p = np.stack([_shares_as_large(one) for one in statistics])
    order = np.argsort(p[:, 0], kind="stable")
    least_left = np.minimum.accumulate(p[order[::-1]], axis=0)[::-1]
    corrected, highest = [0.0] * len(statistics), 0.0
    for rank, index in enumerate(order.tolist()):
        highest = max(highest, float(np.mean(least_left[rank] <= p[index, 0])))
        corrected[index] = highest
    return corrected


def _shares_as_large(statistics: Array) -> Array:
    """For each value the share of all that are as large or larger, itself included."""
    ordered = np.sort(statistics)
    return np.asarray((len(statistics) - np.searchsorted(ordered, statistics, side="left")) / len(statistics))

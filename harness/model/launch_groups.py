"""What each further launch of a group delays the start of the last, from launches that nobody planned. Pure.

Launches whose starts overlap are a burst that came about by itself. The figure is that of a burst: time from
its first launch until its last run has begun, against the number of its runs.
"""

from __future__ import annotations

import numpy as np

from harness.model.intervals import Estimate, NotEstimable, estimate_line, estimate_mean
from harness.model.linear import Array

FEWEST_IN_LARGEST = 3
"""Runs in some group: two sizes alone, one and two, make no line."""


def launch_groups(launched: Array, began: Array) -> tuple[Array, Array]:
    """Sizes of groups of overlapping starts, and the seconds each took; both shape (groups,).

    Args:
        launched: epoch seconds at which the launch of each run began; shape (runs,).
        began: epoch seconds at which each run had begun; shape of `launched`.
    """
    order = np.argsort(launched, kind="stable")
    launched, began = launched[order], began[order]
    if not len(launched):
        return np.array([]), np.array([])
    until = np.maximum.accumulate(began)
    first = np.flatnonzero(np.concatenate([[True], launched[1:] > until[:-1]]))
    last = np.concatenate([first[1:], [len(launched)]]) - 1
    return (last - first + 1).astype(float), until[last] - launched[first]


def launch_seconds(launched: Array, began: Array, seed: int) -> Estimate | NotEstimable:
    """Seconds by which each further run of a group delays the start of the last.

    Where launches hardly ever overlap, it is the time that one takes alone: more than each further one would.
    """
    sizes, spans = launch_groups(launched, began)
    if len(sizes) and sizes.max() >= FEWEST_IN_LARGEST:
        line = estimate_line(sizes, spans, seed)
        if not isinstance(line, NotEstimable):
            return line.slope
    return estimate_mean(spans[sizes == 1])

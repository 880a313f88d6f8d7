"""What each further launch of a burst delays the start of the last, from launches that nobody planned. Pure.

Launches that come within a second are a burst that came about by itself. The figure is that of a burst: time
from its first launch until its last run has begun, against the number of its runs.
"""

from __future__ import annotations

import numpy as np

from harness.model.intervals import Estimate, NotEstimable, estimate_line, estimate_mean
from harness.model.linear import Array

AT_ONCE_SECONDS = 1.0
"""Launches that follow one another within so long are of one burst, as by a schedule."""
MOST_BURSTS = 300
"""The newest: an interval by bootstrap takes long for more, and is narrow enough."""
FEWEST_IN_LARGEST = 3
"""Runs in some burst: two sizes alone, one and two, make no line."""


def launch_groups(launched: Array, began: Array) -> tuple[Array, Array]:
    """Sizes of bursts, and the seconds each took until its last run had begun; both shape (bursts,).

    A burst that was launched while another one still started is left out: it waited for that.

    Args:
        launched: epoch seconds at which the launch of each run began; shape (runs,).
        began: epoch seconds at which each run had begun; shape of `launched`.
    """
    if not len(launched):
        return np.array([]), np.array([])
    order = np.argsort(launched, kind="stable")
    launched, began = launched[order], began[order]
    first = np.flatnonzero(np.concatenate([[True], np.diff(launched) > AT_ONCE_SECONDS]))
    sizes = np.diff(np.concatenate([first, [len(launched)]])).astype(float)
    until = np.maximum.accumulate(began)
    last = (first + sizes - 1).astype(int)
    alone = np.concatenate([[True], launched[first[1:]] > until[first[1:] - 1]])
    # One that others joined while it started is no measure of itself either.
    joined = np.concatenate([~alone[1:], [False]])
    kept = alone & ~joined
    return sizes[kept], (until[last] - launched[first])[kept]


def launch_seconds(launched: Array, began: Array, seed: int) -> Estimate | NotEstimable:
    """Seconds by which each further run of a burst delays the start of the last.

    Where there are no bursts, it is the time that one run takes alone: more than each further one would.
    """
    sizes, spans = (one[-MOST_BURSTS:] for one in launch_groups(launched, began))
    if len(sizes) and sizes.max() >= FEWEST_IN_LARGEST:
        line = estimate_line(sizes, spans, seed)
        if not isinstance(line, NotEstimable) and line.slope.value > 0:
            return line.slope
    return estimate_mean(spans[sizes == 1])

"""Where a series steps to another level and stays there. Pure.

PELT (Killick, Fearnhead & Eckley 2012) with the squared error as cost and a penalty after BIC, on running
medians of three: a spike of one point is gone from those, while a step keeps its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ruptures

from harness.model.linear import MAD_TO_SIGMA, Array

LEAST_POINTS = 6
"""Fewer say nothing of a step."""
LEAST_STAY = 3
"""So many points a level must last to be one."""
PENALTY = 3.0
"""Times variance × log n, for each step; 2 is BIC's own, and running medians make neighbours alike."""
_LEAST_NOISE = 1e-3
"""Share of the series' level below which noise is not believed: a constant that is counted has none."""


@dataclass(frozen=True)
class ChangePoint:
    """A step in a series."""

    index: int
    """Of the first point at the new level."""
    before: float
    """Median of the level before it."""
    after: float
    """Median of the level from it on."""

    @property
    def ratio(self) -> float:
        """New level / old one."""
        return self.after / self.before if self.before else float("inf")


def change_points(values: Array) -> tuple[ChangePoint, ...]:
    """The steps of a series, in order.

    Args:
        values: shape (n,), finite, in the order of time; with fewer than LEAST_POINTS nothing is found.
    """
    n = len(values)
    if n < LEAST_POINTS:
        return ()
    smooth = _running_median(values)
    noise = max(_noise(values), _LEAST_NOISE * float(np.median(np.abs(values))))
    if noise <= 0:
        return ()
    search = ruptures.Pelt(model="l2", min_size=LEAST_STAY, jump=1).fit(smooth)
    ends = search.predict(pen=PENALTY * noise**2 * np.log(n))
    edges = [0, *ends]
    levels = [float(np.median(values[start:end])) for start, end in zip(edges, ends, strict=False)]
    return tuple(
        ChangePoint(index, before, after)
        for index, before, after in zip(ends[:-1], levels, levels[1:], strict=False)
    )


def _running_median(values: Array) -> Array:
    """Of each point and its two neighbours; the ends of the nearest three."""
    windows = np.lib.stride_tricks.sliding_window_view(values, 3)
    middle = np.median(windows, axis=-1)
    return np.concatenate([middle[:1], middle, middle[-1:]])


def _noise(values: Array) -> float:
    """Standard deviation from point to point, which neither steps nor spikes bear on much."""
    return float(MAD_TO_SIGMA * np.median(np.abs(np.diff(values))) / np.sqrt(2))

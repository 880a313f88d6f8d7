"""How many intervals hold an instant, and what they weigh together, over a whole trace. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.model.linear import Array

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Occupancy:
    """A piecewise constant count of intervals by kind: from `times[i]` on, `counts[i]` of each kind."""

    times: Array
    """Shape (n,), rising."""
    counts: Counts
    """Shape (n, kinds)."""

    @property
    def seconds(self) -> Array:
        """How long each piece lasts; shape (n,), the last one 0."""
        return np.diff(self.times, append=self.times[-1:])

    def average(self) -> Array:
        """Mean count of each kind over the time covered; shape (kinds,)."""
        whole = float(self.times[-1] - self.times[0])
        return np.asarray(self.seconds @ self.counts / whole)

    def heaviest(self, weights: Array) -> Counts:
        """Counts of the heaviest piece; shape (kinds,)."""
        return np.asarray(self.counts[int(np.argmax(self.counts @ weights))])

    def heaviest_by_window(self, weights: Array, length: float) -> list[Counts]:
        """Counts of the heaviest piece in each window of `length` seconds; the last one may be half as long
        again, or half as long."""
        number = max(1, round((self.times[-1] - self.times[0]) / length))
        edges = self.times[0] + length * np.arange(number + 1.0)
        edges[-1] = np.inf
        weighed = self.counts @ weights
        # what is in progress when a window begins counts in it
        first = np.searchsorted(self.times, edges[:-1], side="right") - 1
        beyond = np.searchsorted(self.times, edges[1:], side="left")
        return [
            np.asarray(self.counts[start + int(np.argmax(weighed[start:stop]))])
            for start, stop in zip(first.tolist(), beyond.tolist(), strict=True)
        ]


def occupancy(starts: Array, ends: Array, kinds: Counts, number_of_kinds: int) -> Occupancy:
    """Occupancy of the intervals [start, end).

    Args:
        starts, ends: shape (n,), n above 0, each end after its start.
        kinds: which kind each interval is of, from 0; shape (n,).
        number_of_kinds: how many kinds there are.
    """
    at = np.concatenate([ends, starts])
    step = np.zeros((len(at), number_of_kinds), dtype=np.int64)
    rows = np.arange(len(starts))
    step[rows, kinds] = -1
    step[len(starts) + rows, kinds] = 1
    # A stable sort with the ends first: a run that ends when another begins was not there with it.
    order = np.argsort(at, kind="stable")
    times, counts = at[order], np.cumsum(step[order], axis=0)
    last = np.append(np.diff(times) > 0, True)
    return Occupancy(times[last], counts[last])

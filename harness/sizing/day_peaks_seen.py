"""The peaks of the days of a history, and what they say of rarer ones. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.day_peaks import DAY_SECONDS
from harness.model.linear import Array
from harness.model.occupancy import Counts, Occupancy

_TAIL_DAYS = 5
_FEWEST_TAIL_DAYS = 2
_TAIL_SHARE = 1 / 7
"""The highest days tell how the rarer ones go on: one of seven, as a week has one busiest day."""


@dataclass(frozen=True)
class SeenPeaks:
    """The heaviest moment of each day of a history, heaviest first."""

    counts: tuple[Counts, ...]
    """By kind."""
    weights: Array
    """Of a run of each kind; shape (kinds,)."""

    @property
    def days(self) -> int:
        """How many there are."""
        return len(self.counts)

    def level(self, days: float) -> tuple[Counts, str]:
        """What the peak of a day exceeds once in so many days, and how that is known.

        Of n days in order the k-th heaviest is exceeded on k - 1 of them, and a day to come is heavier with a
        chance of k / (n + 1), whatever the distribution. A history that is too short for that is gone on with
        as its heaviest days fall off: exponentially (Breiman, Stone & Kooperberg 1990), never below what was.

        Args:
            days: above 1.
        """
        rank = math.floor((self.days + 1) / days)
        if rank >= 1:
            return self.counts[rank - 1], f"by the peaks of {self._told}"
        heaviest = self.counts[0]
        if not heaviest.any():
            return heaviest, f"by the peaks of {self._told}"
        most = max(_TAIL_DAYS, math.ceil(self.days * _TAIL_SHARE))
        of_one_sort = self._sort(0, most)
        scale = _fall(of_one_sort)
        if len(of_one_sort) < most:
            # what comes beside a burst varies on its days as on the others, of which there are more
            scale = max(scale, _fall(self._sort(len(of_one_sort), self.days)))
        if not scale:
            return heaviest, f"the heaviest of the peaks of {self._told}, which tell of none rarer"
        beyond = of_one_sort[0] + scale * math.log(days / (self.days + 1))
        more = np.ceil(heaviest * (beyond / of_one_sort[0]) - 1e-9).astype(np.int64)
        return more, f"by the peaks of {self._told}, rarer ones extrapolated"

    @property
    def _told(self) -> str:
        return "1 day" if self.days == 1 else f"{self.days} days"

    def _sort(self, first: int, most: int) -> Array:
        """What the days from the `first` on weigh that are of one sort: down to a fall that chance does not
        explain, and at most so many.

        Counts of what comes at random vary by their root, so that neighbours in order are far closer; a burst
        that comes once a week stands further above the days without it.
        """
        some = self.counts[first : first + most]
        weighed = np.array([float(one @ self.weights) for one in some])
        if not len(weighed) or not weighed[0]:
            return weighed
        runs = weighed / weighed[0] * float(some[0].sum())
        falls = np.flatnonzero(-np.diff(runs) > math.sqrt(runs[0]))
        return weighed[: int(falls[0]) + 1] if len(falls) else weighed


def _fall(weighed: Array) -> float:
    """The scale of an exponential tail from its heaviest values: their spacings from the i-th to the next,
    times i, are as from one exponential distribution (Rényi 1953, Acta Mathematica Hungarica 4)."""
    if len(weighed) < _FEWEST_TAIL_DAYS:
        return 0.0
    return float((-np.diff(weighed) * np.arange(1, len(weighed))).mean())


def peaks_seen(held: Occupancy, weights: Array) -> SeenPeaks:
    """The heaviest moment of every day from the first start on; what is left over at the end is a day too."""
    found: Sequence[Counts] = held.heaviest_by_window(weights, DAY_SECONDS)
    found = sorted(found, key=lambda one: -float(one @ weights))
    return SeenPeaks(tuple(found), weights)

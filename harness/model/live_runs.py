"""How many runs were live at each scrape of a deployment that somebody else loads. Pure.

A scrape tells what a server used at an instant, or on average or at most over the seconds before it. Dagster
tells to the millisecond which runs were live. What a scrape is set against has to be of the same kind: the
count at that instant for a value of an instant, the mean count over the window for a mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.linear import Array


@dataclass(frozen=True)
class LiveRuns:
    """Runs of one kind on one server, by their begin and end, in seconds."""

    began: Array
    """Shape (runs,)."""
    ended: Array
    """Shape (runs,), in the order of `began`; infinity for a run that goes on."""

    @property
    def mean_seconds(self) -> float:
        """Of those that have ended; nan without any."""
        known = np.isfinite(self.ended)
        return float(np.mean((self.ended - self.began)[known])) if known.any() else float("nan")

    def at(self, instants: Array) -> Array:
        """How many are live at each instant; shape of `instants`."""
        return np.asarray(self.begun_by(instants) - self.ended_by(instants), dtype=float)

    def mean(self, until: Array, window: Array | float) -> Array:
        """How many are live on average over the `window` seconds before each instant; shape of `until`."""
        return np.asarray((self._seconds_lived(until) - self._seconds_lived(until - window)) / window)

    def begun_by(self, instants: Array) -> Array:
        """How many have begun by each instant; shape of `instants`."""
        return np.asarray(np.searchsorted(np.sort(self.began), instants, side="right"), dtype=float)

    def ended_by(self, instants: Array) -> Array:
        """How many have ended by each instant; shape of `instants`."""
        return np.asarray(np.searchsorted(np.sort(self.ended), instants, side="right"), dtype=float)

    def of_age(self, lowest: float, highest: float) -> LiveRuns:
        """The part of each run's life from `lowest` to `highest` seconds of age, as runs of their own."""
        reached = self.ended - self.began > lowest
        began = self.began[reached] + lowest
        return LiveRuns(began, np.minimum(self.ended[reached], began + (highest - lowest)))

    def _seconds_lived(self, instants: Array) -> Array:
        """Seconds that all of them together were live before each instant."""
        return _sum_since(np.sort(self.began), instants) - _sum_since(np.sort(self.ended), instants)


def _sum_since(events: Array, instants: Array) -> Array:
    """Sum over events before each instant of the seconds since; `events` ascending, infinite ones last."""
    finite = events[np.isfinite(events)]
    if not len(finite):
        return np.zeros_like(instants, dtype=float)
    # From the first event on: sums of epoch seconds would lose the milliseconds.
    origin = finite[0]
    sums = np.concatenate([[0.0], np.cumsum(finite - origin)])
    before = np.searchsorted(finite, instants, side="right")
    return np.asarray(before * (instants - origin) - sums[before])

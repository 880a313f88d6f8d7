"""How many runs were live at each scrape of a deployment that somebody else loads. Pure.

A scrape tells what a server used at an instant, or on average or at most over the seconds before it. Dagster
tells to the millisecond which runs were live. What a scrape is set against has to be of the same kind: the
count at that instant for a value of an instant, the mean count over the window for a mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.linear import Array

_SHORTEST = 1e-3
"""Seconds: Dagster's own stamps have milliseconds."""


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
        each = np.ones_like(self.began)
        return np.asarray((self._lived(until, each) - self._lived(until - window, each)) / window)

    def pace(self, until: Array, window: Array | float) -> Array:
        """How many are gone through a second in the `window` seconds before each instant; shape of `until`.

        Each is spread evenly over its own length; one that goes on, over the mean length. Where many run at
        once and each takes longer, that many a second stays what it was, while the number of live ones grows.
        """
        lengths = self.ended - self.began
        lengths = np.where(np.isfinite(lengths), lengths, self.mean_seconds)
        each = 1.0 / np.maximum(np.nan_to_num(lengths, nan=np.inf), _SHORTEST)
        return np.asarray((self._lived(until, each) - self._lived(until - window, each)) / window)

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

    def _lived(self, instants: Array, weights: Array) -> Array:
        """Seconds that all of them together were live before each instant, each run's by its weight."""
        return _sum_since(self.began, weights, instants) - _sum_since(self.ended, weights, instants)


def _sum_since(events: Array, weights: Array, instants: Array) -> Array:
    """Sum over events before each instant of the seconds since, by the weights of events."""
    order = np.argsort(events)[: np.count_nonzero(np.isfinite(events))]
    if not len(order):
        return np.zeros_like(instants, dtype=float)
    # From the first event on: sums of epoch seconds would lose the milliseconds.
    origin = events[order[0]]
    sums = np.concatenate([[0.0], np.cumsum(weights[order] * (events[order] - origin))])
    counts = np.concatenate([[0.0], np.cumsum(weights[order])])
    before = np.searchsorted(events[order], instants, side="right")
    return np.asarray(counts[before] * (instants - origin) - sums[before])

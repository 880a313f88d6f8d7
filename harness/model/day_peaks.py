"""The heaviest moment of a day: how often it is above a level, of random arrivals beside schedules. Pure.

Runs that arrive at random and never wait are an M/G/infinity queue: the number in progress is Poisson with
mean rate × duration, whatever the distribution of the durations (Takács 1962, "Introduction to the Theory of
Queues", ch. 3). It comes to be above a level only by an arrival that finds it just below, and an arrival
finds what holds at any instant (Wolff 1982, "Poisson arrivals see time averages", Operations Research
30(2)). So

    P(above L at some time in T) <= P(above L at the begin) + sum of rate_j × T × P(L - weight_j < W <= L)

over the streams j, W being what is in progress. It is a bound for every level, and close for rare ones, where
the day's crossings are few and apart (Aldous 1989, "Probability Approximations via the Poisson Clumping
Heuristic"). What schedules launch is known, and adds to W where it is in progress.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.linear import Array
from harness.model.occupancy import Counts, Occupancy

DAY_SECONDS = 86_400.0
_PARTS = 16
"""The lightest arrival weighs so many units of the lattice that weights are counted in."""
_LONGEST = 2**18
"""No lattice is longer; weights are then counted more coarsely."""
_SIGMAS = 14.0


@dataclass(frozen=True)
class RandomArrivals:
    """Launches that come as a Poisson process, each of some runs of one kind."""

    kind: int
    runs: int
    """At one instant, equally long; at least 1."""
    launches_per_second: float
    """Above 0."""
    seconds: float
    """For which the runs of a launch are there, on average; above 0."""

    @property
    def mean(self) -> float:
        """Launches in progress on average (Little 1961)."""
        return self.launches_per_second * self.seconds


class DayPeaks:
    """How often the heaviest moment of a day is above a level.

    Args:
        random: launches at random; may be none.
        scheduled: what schedules have in progress over whole days; None without schedules.
        weights: of one run of each kind, above 0; shape (kinds,).
    """

    def __init__(self, random: Sequence[RandomArrivals], scheduled: Occupancy | None, weights: Array) -> None:
        self._random = random
        self._weights = weights
        self._each = np.array([one.runs * weights[one.kind] for one in random])
        self._means = np.array([one.mean for one in random])
        self._rates = np.array([one.launches_per_second for one in random])
        most = np.zeros(len(weights), dtype=np.int64) if scheduled is None else scheduled.heaviest(weights)
        self._unit = self._unit_of(float(most @ weights))
        self._steps = np.maximum(1, np.rint(self._each / self._unit)).astype(np.int64)
        self._pmf = self._distribution()
        self._reached = np.cumsum(self._pmf[::-1])[::-1].clip(0.0, 1.0)
        self._days = _days_of(scheduled, weights, self._unit)

    def level(self, days: float) -> Counts:
        """The least that the peak of a day exceeds no oftener than once in so many days, by kind.

        Args:
            days: above 1.

        Returns:
            Runs of each kind, what schedules launch at the heaviest time among them; shape (kinds,).
        """
        return self._counts(self._least(lambda level: self._exceeded(level) <= 1 / days))

    def level_of_schedules(self, days: float) -> Counts:
        """The least that the heaviest time of the schedules exceeds no oftener than once in so many times."""
        most = self._days.levels[-1]
        return self._counts(self._least(lambda level: self._tail(level - most) <= 1 / days))

    def _unit_of(self, scheduled: float) -> float:
        lightest = float(min(self._each, default=float(self._weights.min())))
        if np.allclose(self._each / lightest, np.rint(self._each / lightest)):
            finest = lightest
        else:
            finest = lightest / _PARTS
        reach = float((self._means * self._each).sum() + scheduled)
        spread = float(np.sqrt((self._means * self._each**2).sum()))
        heaviest = float(max(self._each, default=0.0))
        return max(finest, (reach + _SIGMAS * (spread + heaviest)) / (_LONGEST // 2))

    def _distribution(self) -> Array:
        """Of what arrives at random, in units: compound Poisson, by its characteristic function."""
        steps = self._steps.astype(float)
        reach = (self._means * steps).sum()
        reach += _SIGMAS * (np.sqrt((self._means * steps**2).sum()) + max(steps, default=0.0))
        size = 2 ** int(np.ceil(np.log2(max(reach, 2.0) + 1)))
        turns = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
        exponent = np.zeros(size // 2 + 1, dtype=complex)
        for mean, step in zip(self._means, self._steps, strict=True):
            exponent += mean * (turns**step - 1)
        return np.asarray(np.fft.irfft(np.exp(exponent), size).clip(0.0, None))

    def _tail(self, level: float) -> float:
        """Probability that what arrived at random weighs more, at any instant."""
        above = int(level) + 1
        if above <= 0:
            return 1.0
        return float(self._reached[above]) if above < len(self._reached) else 0.0

    def _exceeded(self, level: int) -> float:
        """Share of days whose peak is above the level; a bound, at most 1 each."""
        left = level - self._days.levels
        tail = np.array([self._tail(one) for one in left])
        crossing = np.zeros(len(left))
        for rate, step in zip(self._rates, self._steps, strict=True):
            below = np.array([self._tail(one - step) for one in left])
            crossing += rate * np.maximum(below - tail, 0.0)
        by_day = self._days.rises @ tail + self._days.seconds @ crossing
        return float(np.minimum(by_day, 1.0).mean())

    def _least(self, holds: Callable[[int], bool]) -> int:
        low, high = -1, int(self._days.levels[-1]) + len(self._pmf)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle, high)
        return high

    def _counts(self, level: int) -> Counts:
        """The likeliest runs by kind of which the scheduled ones and the random ones weigh so much."""
        # The heaviest time of the schedules may be rarer than was asked for: then that below it, and so on.
        within = np.searchsorted(self._days.levels, level, side="right") - 1
        scheduled: Counts = self._days.counts[max(int(within), 0)]
        if not self._random:
            return scheduled.copy()
        beyond = self._likeliest(level * self._unit - float(scheduled @ self._weights))
        return np.asarray(scheduled + beyond)

    def _likeliest(self, weight: float) -> Counts:
        """Runs at random that weigh no less, as they are most likely made up (exponential tilting)."""
        low, high = -700.0, 700.0
        scaled = self._each / self._each.max()
        for _ in range(200):
            middle = (low + high) / 2
            expected = self._means * np.exp(middle * scaled)
            low, high = (middle, high) if expected @ self._each < weight else (low, middle)
        expected = self._means * np.exp(high * scaled)
        launches = np.floor(expected + 1e-6)
        short = weight * (1 - 1e-9) - float(launches @ self._each)
        for index in np.argsort(launches - expected, kind="stable"):
            if short <= 0.5 * self._unit:
                break
            launches[index] += 1
            short -= self._each[index]
        found = np.zeros(len(self._weights), dtype=np.int64)
        for one, number in zip(self._random, launches, strict=True):
            found[one.kind] += int(number) * one.runs
        return found


@dataclass(frozen=True)
class _Days:
    """What schedules have in progress, day by day; without schedules one day of nothing."""

    levels: Counts
    """What it weighs, in units, each once and rising; shape (levels,)."""
    counts: Counts
    """The same by kind; shape (levels, kinds)."""
    seconds: Array
    """For how long of each day; shape (days, levels)."""
    rises: Array
    """How many times a day it comes to weigh so much, its begin among them; shape (days, levels)."""


def _days_of(scheduled: Occupancy | None, weights: Array, unit: float) -> _Days:
    if scheduled is None:
        nothing = np.zeros((1, len(weights)), dtype=np.int64)
        return _Days(nothing[:, 0], nothing, np.array([[DAY_SECONDS]]), np.ones((1, 1)))
    begin = scheduled.times[0]
    number = max(1, int((scheduled.times[-1] - begin) // DAY_SECONDS))
    edges = begin + DAY_SECONDS * np.arange(number + 1)
    times = np.union1d(scheduled.times[scheduled.times < edges[-1]], edges)
    counts = scheduled.counts[np.searchsorted(scheduled.times, times[:-1], side="right") - 1]
    weighed = np.rint(counts @ weights / unit).astype(np.int64)
    levels, first, which = np.unique(weighed, return_index=True, return_inverse=True)
    day = np.searchsorted(edges, times[:-1], side="right") - 1
    seconds, rises = np.zeros((number, len(levels))), np.zeros((number, len(levels)))
    np.add.at(seconds, (day, which), np.diff(times))
    risen = (np.diff(weighed, prepend=-1) > 0) | np.isin(times[:-1], edges)
    np.add.at(rises, (day[risen], which[risen]), 1.0)
    return _Days(levels, counts[first], seconds, rises)

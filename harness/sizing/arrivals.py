"""Runs as they arrive: told by their rates, or as a history tells of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.model.day_peaks import DAY_SECONDS, RandomArrivals
from harness.model.linear import Array
from harness.model.occupancy import Counts, Occupancy, occupancy

HOUR_SECONDS = 3600.0
TOGETHER_SECONDS = 2.0
"""Launches of a history that are closer than this overlap: about what a launch takes."""
LONGEST_SECONDS = 365 * DAY_SECONDS
"""No run lasts longer."""
SCHEDULED_DAYS = 366
"""Schedules are looked at for so many days: a year has every weekday and day of the month."""
_LAUNCHES_LOOKED_AT = 200_000
"""Of one schedule; what launches oftener is looked at for fewer days."""
_STEADY = 5_000
"""A schedule with more launches a day is as good as steady."""


@dataclass(frozen=True)
class Stream:
    """Runs of one kind that arrive at a rate."""

    kind: int
    """Index of what costs alike."""
    run_seconds: float
    """From start to end, as the run history tells; above 0."""
    runs_per_hour: float
    """Above 0."""
    beyond_seconds: float = 0.0
    """How much longer the process of a run exists than the run lasts."""
    at_once: int = 1
    """Runs that arrive at one instant, as a schedule launches them."""
    regular: bool = False
    """Whether they arrive at even intervals, as by a schedule, or at random."""

    @property
    def average(self) -> float:
        """Average concurrency: duration/3600 × runs per hour (the sizing guide; Little 1961)."""
        return self.run_seconds / HOUR_SECONDS * self.runs_per_hour

    @property
    def average_existing(self) -> float:
        """Processes of runs on average; above the average concurrency as they exist for longer."""
        return self.exists_seconds / HOUR_SECONDS * self.runs_per_hour

    @property
    def exists_seconds(self) -> float:
        """How long the process of a run exists, and takes memory."""
        return self.run_seconds + self.beyond_seconds

    @property
    def gap_seconds(self) -> float:
        """From one launch to the next, on average."""
        return self.at_once / self.runs_per_hour * HOUR_SECONDS

    def at_random(self, share: float = 1.0) -> RandomArrivals:
        """As launches of a Poisson process, or a share of them."""
        return RandomArrivals(self.kind, self.at_once, share / self.gap_seconds, self.exists_seconds)


def scheduled_occupancy(streams: Sequence[Stream], number_of_kinds: int) -> Occupancy | None:
    """What schedules have in progress, over a year or less; None without a schedule.

    All begin together, as crons at full hours do: a daily one and an hourly one coincide once a day.

    Args:
        streams: those by schedule count.
        number_of_kinds: how many kinds there are.
    """
    regular = [one for one in streams if one.regular]
    if not regular:
        return None
    steady = np.zeros(number_of_kinds, dtype=np.int64)
    seldom = []
    for one in regular:
        if DAY_SECONDS / one.gap_seconds > _STEADY:
            steady[one.kind] += math.ceil(one.exists_seconds / one.gap_seconds - 1e-9) * one.at_once
        else:
            seldom.append(one)
    fewest = min((_LAUNCHES_LOOKED_AT * one.gap_seconds / DAY_SECONDS for one in seldom), default=1.0)
    horizon = max(1, math.floor(min(SCHEDULED_DAYS, fewest))) * DAY_SECONDS
    starts, ends, kinds = [], [], []
    for one in seldom:
        earlier = math.ceil(one.exists_seconds / one.gap_seconds)
        instants = np.arange(-earlier, math.ceil(horizon / one.gap_seconds)) * one.gap_seconds
        begun = np.repeat(instants, one.at_once)
        starts.append(np.maximum(begun, 0.0))
        ends.append(np.minimum(begun + one.exists_seconds, horizon))
        kinds.append(np.full(len(begun), one.kind, dtype=np.int64))
    covered = np.array([0.0, horizon])
    if not seldom:
        return Occupancy(covered, np.stack([steady, steady]))
    start, end, kind = np.concatenate(starts), np.concatenate(ends), np.concatenate(kinds)
    whole = end > start
    held = _covered(occupancy(start[whole], end[whole], kind[whole], number_of_kinds), covered)
    return Occupancy(held.times, held.counts + steady)


@dataclass(frozen=True)
class Trace:
    """Runs that exist from one instant to another."""

    starts: Array
    """Seconds; shape (n,)."""
    ends: Array
    """Seconds, each after its start; shape (n,)."""
    kinds: Counts
    """Which kind each run is of; shape (n,)."""
    launches: Counts
    """Which launch each run is part of: runs launched at one instant share a number; shape (n,)."""
    covered: tuple[float, float]
    """Seconds that the trace tells of; in what no run exists, nothing is in progress."""

    def occupancy(self, number_of_kinds: int) -> Occupancy:
        """How many runs of each kind exist at once, over the time covered."""
        edges = np.array(self.covered)
        if not len(self.starts):
            return Occupancy(edges, np.zeros((2, number_of_kinds), dtype=np.int64))
        held = occupancy(self.starts, self.ends, self.kinds, number_of_kinds)
        return _covered(held, edges)

    def thinned(self, share: float, seed: int) -> Trace:
        """What one of several replicas gets: of the launches a share, by lot.

        A launch goes whole to it: requests of Dagster's client that overlap share a connection, and a
        connection is to one replica (claims `replicas-round-robin`, `replicas-isolate`).
        """
        several = int(self.launches.max(initial=-1)) + 1
        taken = np.random.default_rng(seed).uniform(size=several) < share
        return self._of(taken[self.launches])

    def _of(self, chosen: NDArray[np.bool_]) -> Trace:
        return replace(
            self,
            starts=self.starts[chosen],
            ends=self.ends[chosen],
            kinds=self.kinds[chosen],
            launches=self.launches[chosen],
        )

    def elapsed_seconds(self) -> float:
        """For how long a run has existed, on average, that is met at any instant; 0 without runs.

        Long runs are met more often: the mean square of their durations / (2 × the mean) (renewal theory,
        Cox 1962).
        """
        lasted = self.ends - self.starts
        return float((lasted**2).sum() / (2 * lasted.sum())) if len(lasted) else 0.0


def trace_of_history(starts: Array, ends: Array, kinds: Counts, beyond_seconds: float) -> Trace:
    """A history as a trace; launches in quick succession count as one.

    Args:
        starts, ends: seconds; shape (n,), n above 0.
        kinds: which kind each run is of; shape (n,).
        beyond_seconds: how much longer the process of a run exists than the run lasts.
    """
    order = np.argsort(starts, kind="stable")
    begun = starts[order]
    launches = np.cumsum(np.diff(begun, prepend=begun[:1]) >= TOGETHER_SECONDS)
    gone = ends[order] + beyond_seconds
    return Trace(
        begun,
        gone,
        kinds[order],
        launches.astype(np.int64),
        (float(begun[0]), float(gone.max())),
    )


def _covered(held: Occupancy, edges: Array) -> Occupancy:
    """The occupancy from the first edge to the last, with nothing in progress where it has no word."""
    nothing = np.zeros((1, held.counts.shape[1]), dtype=np.int64)
    times, counts = held.times, held.counts
    if times[0] > edges[0]:
        times, counts = np.append(edges[:1], times), np.vstack([nothing, counts])
    if times[-1] < edges[1]:
        times, counts = np.append(times, edges[1:]), np.vstack([counts, nothing])
    return Occupancy(times, counts)

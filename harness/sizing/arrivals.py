"""Runs as they arrive: told by rates and simulated, or as a history tells of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.model.linear import Array
from harness.model.occupancy import Counts, Occupancy, occupancy

DAYS = 40
"""Days that are simulated of demand that is told by its rates."""
DAY_SECONDS = 86_400.0
HOUR_SECONDS = 3600.0
TOGETHER_SECONDS = 2.0
"""Launches of a history that are closer than this overlap: about what a launch takes."""
RUNS_DIVIDED = 100_000
"""So many runs tell well enough how replicas share them."""
LONGEST_SECONDS = 365 * DAY_SECONDS
"""No run lasts longer."""
_EARLIEST_DAY = 10_000
"""Seeds are not negative: no run began so many days before."""


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
    def exists_seconds(self) -> float:
        """How long the process of a run exists, and takes memory."""
        return self.run_seconds + self.beyond_seconds


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

    def divided(self, replicas: int, seed: int) -> list[Trace]:
        """What each of so many replicas gets, if each launch goes whole to any of them.

        Dagster's client does so: requests that overlap share a connection, and a connection is to one
        replica (claims `replicas-round-robin`, `replicas-isolate`).
        """
        some = self._first(RUNS_DIVIDED)
        several = int(some.launches.max(initial=-1)) + 1
        replica = np.random.default_rng([seed, replicas]).integers(0, replicas, several)[some.launches]
        return [some._of(replica == number) for number in range(replicas)]

    def _first(self, runs: int) -> Trace:
        """The time in which the first so many runs start, and what exists in it."""
        if len(self.starts) <= runs:
            return self
        end = float(np.partition(self.starts, runs)[runs])
        some = self._of(self.starts < end)
        return replace(some, ends=np.minimum(some.ends, end), covered=(self.covered[0], end))

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


def simulate(streams: Sequence[Stream], seed: int) -> Trace:
    """DAYS days of arrivals, begun so early that what is in progress at first is there.

    Args:
        streams: at least one.
        seed: of the random arrivals.
    """
    starts: list[Array] = []
    ends: list[Array] = []
    which: list[Array] = []
    launches: list[Counts] = []
    horizon, launched = DAYS * DAY_SECONDS, 0
    for number, stream in enumerate(streams):
        arrivals = _by_schedule if stream.regular else _at_random
        instants = arrivals(stream, [seed, number])
        begun = np.repeat(instants, stream.at_once)
        starts.append(np.maximum(begun, 0.0))
        ends.append(np.minimum(begun + stream.exists_seconds, horizon))
        which.append(np.full(len(begun), stream.kind))
        launches.append(np.repeat(launched + np.arange(len(instants)), stream.at_once))
        launched += len(instants)
    start, end = np.concatenate(starts), np.concatenate(ends)
    whole = end > start
    return Trace(
        start[whole],
        end[whole],
        np.concatenate(which)[whole].astype(np.int64),
        np.concatenate(launches)[whole].astype(np.int64),
        (0.0, horizon),
    )


def _by_schedule(stream: Stream, key: list[int]) -> Array:
    """Instants at even intervals, with a phase of their own."""
    gap = stream.at_once / stream.runs_per_hour * HOUR_SECONDS
    phase = np.random.default_rng(key).uniform(0, gap)
    earlier = math.ceil(stream.exists_seconds / gap)
    return np.arange(phase - earlier * gap, DAYS * DAY_SECONDS, gap)


def _at_random(stream: Stream, key: list[int]) -> Array:
    """Instants of a Poisson process, of which one with a higher rate has all and more.

    Arrivals are drawn day by day, in layers of doubling rates: what a lower rate has is then drawn for a
    higher one as well, and more demand never gives less for want of luck.
    """
    rate = stream.runs_per_hour / stream.at_once / HOUR_SECONDS * DAY_SECONDS
    layers = max(0, math.ceil(math.log2(rate))) + 1
    found: list[Array] = []
    for day in range(-math.ceil(stream.exists_seconds / DAY_SECONDS), DAYS):
        for layer in range(layers):
            rng = np.random.default_rng([*key, day + _EARLIEST_DAY, layer])
            low, high = (0.0 if layer == 0 else 2.0 ** (layer - 1)), 2.0**layer
            count = rng.poisson(high - low)
            instants = (day + rng.uniform(size=count)) * DAY_SECONDS
            found.append(instants[rng.uniform(low, high, count) < rate])
    return np.concatenate(found)


def _covered(held: Occupancy, edges: Array) -> Occupancy:
    """The occupancy from the first edge to the last, with nothing in progress where it has no word."""
    nothing = np.zeros((1, held.counts.shape[1]), dtype=np.int64)
    times, counts = held.times, held.counts
    if times[0] > edges[0]:
        times, counts = np.append(edges[:1], times), np.vstack([nothing, counts])
    if times[-1] < edges[1]:
        times, counts = np.append(times, edges[1:]), np.vstack([counts, nothing])
    return Occupancy(times, counts)

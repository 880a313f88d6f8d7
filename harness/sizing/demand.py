"""How many runs are in progress at once: the guide's way, and how often it is exceeded. Pure.

Every way ends in counts of runs by kind, a kind being what costs alike; a kind weighs what one of its runs
takes of memory, so that a quantile is one of memory and not of mere numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.linear import Array
from harness.model.occupancy import Counts, Occupancy, occupancy

DAYS = 40
"""Days that are simulated of demand that is told by its rates."""
DAY_SECONDS = 86_400.0
HOUR_SECONDS = 3600.0
BUSY_DAYS = 0.95
_EARLIEST_DAY = 10_000
"""Seeds are not negative: no run lasts longer than so many days."""
LEAST_DAYS = 20
"""Fewer whole days say nothing of their 95 % quantile: the busiest moment of all is taken."""


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
class Peak:
    """One way to tell how many runs must fit at once."""

    name: str
    runs: tuple[int, ...]
    """By kind."""
    exact: float
    """The number before it was rounded up to whole runs."""
    how: str

    @property
    def total(self) -> int:
        """Of all kinds."""
        return sum(self.runs)

    def weight(self, weights: Array) -> float:
        """What its runs weigh together."""
        return float(np.asarray(self.runs) @ weights)


@dataclass(frozen=True)
class Demand:
    """What a size must meet."""

    average: tuple[float, ...]
    """Runs in progress on average by the guide's formula, by kind."""
    average_existing: tuple[float, ...]
    """Processes of runs on average, by kind."""
    launches_per_second: tuple[float, ...]
    """On average, by kind."""
    guide: Peak
    """The sizing guide's average × headroom."""
    ordinary: tuple[Peak, ...]
    """Exceeded as seldom as was asked for: under each model of the arrivals."""
    busiest: Peak
    """The heaviest moment of a day, on nearly all days."""

    def binding(self, weights: Array) -> Peak:
        """The heaviest of the guide's peak and the ordinary ones: what a size is recommended for."""
        return max((self.guide, *self.ordinary), key=lambda peak: peak.weight(weights))


def demand_of_streams(
    streams: Sequence[Stream], weights: Array, headroom: float, quantile: float, seed: int
) -> Demand:
    """Demand that is told by its rates.

    Args:
        streams: at least one.
        weights: of one run of each kind; shape (kinds,).
        headroom: the guide's factor from average to peak.
        quantile: share of the time for which the ordinary peak shall suffice.
        seed: of the simulated days.
    """
    average, rate = np.zeros(len(weights)), np.zeros(len(weights))
    for stream in streams:
        average[stream.kind] += stream.average
        rate[stream.kind] += stream.runs_per_hour / HOUR_SECONDS
    held = _simulate(streams, len(weights), seed)
    told = "arrivals at random"
    if any(stream.regular for stream in streams):
        told = "arrivals by schedule" + ("" if all(one.regular for one in streams) else " and at random")
    return _demand(average, rate, held, weights, headroom, quantile, (), told)


def demand_of_history(
    starts: Array,
    ends: Array,
    kinds: Array,
    beyond_seconds: float,
    weights: Array,
    headroom: float,
    quantile: float,
    seed: int,
) -> Demand:
    """Demand as it was: a trace of runs, beside random arrivals of the same rates and durations.

    Args:
        starts, ends: seconds; shape (n,), n above 0.
        kinds: which kind each run is of; shape (n,).
        beyond_seconds: how much longer the process of a run exists than the run lasts.
        weights: of one run of each kind; shape (kinds,).
        headroom, quantile, seed: as for streams.
    """
    chosen = np.asarray(kinds, dtype=np.int64)
    held = occupancy(starts, ends + beyond_seconds, chosen, len(weights))
    span = float(ends.max() - starts.min())
    lasted = np.bincount(chosen, weights=ends - starts, minlength=len(weights))
    count = np.bincount(chosen, minlength=len(weights))
    average, rate = lasted / span, count / span
    streams = [
        Stream(kind, float(lasted[kind] / count[kind]), float(rate[kind] * HOUR_SECONDS), beyond_seconds)
        for kind in np.flatnonzero(count).tolist()
    ]
    at_random = _ordinary(_simulate(streams, len(weights), seed), weights, quantile, "arrivals at random")
    return _demand(average, rate, held, weights, headroom, quantile, (at_random,), "as it was")


def _demand(
    average: Array,
    rate: Array,
    held: Occupancy,
    weights: Array,
    headroom: float,
    quantile: float,
    others: tuple[Peak, ...],
    told: str,
) -> Demand:
    raised = average * headroom
    guide = Peak(
        "guide",
        tuple(_whole(one) for one in raised),
        float(raised.sum()),
        f"{average.sum():.4g} on average × {headroom:g}",
    )
    return Demand(
        average=tuple(average.tolist()),
        average_existing=tuple(held.average().tolist()),
        launches_per_second=tuple(rate.tolist()),
        guide=guide,
        ordinary=(_ordinary(held, weights, quantile, told), *others),
        busiest=_busiest(held, weights, told),
    )


def _ordinary(held: Occupancy, weights: Array, quantile: float, told: str) -> Peak:
    counts = held.at_quantile(weights, quantile)
    return _peak("ordinary", counts, f"not exceeded for {100 * quantile:.6g} % of the time, {told}")


def _busiest(held: Occupancy, weights: Array, told: str) -> Peak:
    days = held.heaviest_by_window(weights, DAY_SECONDS)
    if len(days) < LEAST_DAYS:
        return _peak("busiest", held.heaviest(weights), f"never exceeded, {told}")
    order = np.argsort([day @ weights for day in days], kind="stable")
    chosen = days[int(order[math.ceil(BUSY_DAYS * len(days)) - 1])]
    return _peak("busiest", chosen, f"not exceeded on {100 * BUSY_DAYS:.0f} % of {len(days)} days, {told}")


def _peak(name: str, counts: Counts, how: str) -> Peak:
    runs = tuple(int(one) for one in counts)
    return Peak(name, runs, float(sum(runs)), how)


def _simulate(streams: Sequence[Stream], kinds: int, seed: int) -> Occupancy:
    """The occupancy of DAYS days of arrivals, begun so early that what is in progress at first is there."""
    starts: list[Array] = []
    ends: list[Array] = []
    which: list[Array] = []
    horizon = DAYS * DAY_SECONDS
    for number, stream in enumerate(streams):
        arrivals = _by_schedule if stream.regular else _at_random
        begun = np.repeat(arrivals(stream, [seed, number]), stream.at_once)
        starts.append(np.maximum(begun, 0.0))
        ends.append(np.minimum(begun + stream.exists_seconds, horizon))
        which.append(np.full(len(begun), stream.kind))
    start, end = np.concatenate(starts), np.concatenate(ends)
    whole = end > start
    kind = np.concatenate(which)[whole].astype(np.int64)
    if not whole.any():
        return Occupancy(np.array([0.0, horizon]), np.zeros((2, kinds), dtype=np.int64))
    return _covered(occupancy(start[whole], end[whole], kind, kinds), np.array([0.0, horizon]))


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


def _whole(runs: float) -> int:
    """In whole runs: 6.25 take room for 7, and what is whole but for rounding takes no more."""
    return math.ceil(round(runs, 9))

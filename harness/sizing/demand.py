"""How many runs are in progress at once: the guide's way, and how often it is exceeded. Pure.

Every way ends in counts of runs by kind, a kind being what costs alike; a kind weighs what one of its runs
takes of memory, so that a quantile is one of memory and not of mere numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.distributions import poisson_quantile
from harness.model.linear import Array
from harness.model.occupancy import Counts, Occupancy
from harness.sizing.arrivals import DAY_SECONDS, HOUR_SECONDS, Stream, Trace, simulate, trace_of_history

BUSY_DAYS = 0.95
MOST_REPLICAS = 4
"""So many replicas are looked at."""
LEAST_DAYS = 20
"""Fewer whole days say nothing of their 95 % quantile: the busiest moment of all is taken."""


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
    elapsed_seconds: float
    """For how long a run has been there, on average, that is met at any instant."""
    on_one_of: tuple[int, ...]
    """Runs on the busiest of 1, 2, ... replicas, exceeded as seldom as was asked for."""

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
    told = "arrivals at random"
    if any(stream.regular for stream in streams):
        told = "arrivals by schedule" + ("" if all(one.regular for one in streams) else " and at random")
    trace = simulate(streams, seed)
    exact = _poisson(streams[0], len(weights), quantile, told) if len(streams) == 1 else None
    return _demand(average, rate, trace, weights, headroom, quantile, seed, (), told, exact)


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
    span = float(ends.max() - starts.min())
    lasted = np.bincount(chosen, weights=ends - starts, minlength=len(weights))
    count = np.bincount(chosen, minlength=len(weights))
    average, rate = lasted / span, count / span
    streams = [
        Stream(kind, float(lasted[kind] / count[kind]), float(rate[kind] * HOUR_SECONDS), beyond_seconds)
        for kind in np.flatnonzero(count).tolist()
    ]
    at_random = simulate(streams, seed).occupancy(len(weights))
    others = (_ordinary(at_random, weights, quantile, "arrivals at random"),)
    trace = trace_of_history(starts, ends, chosen, beyond_seconds)
    return _demand(average, rate, trace, weights, headroom, quantile, seed, others, "as it was")


def _demand(
    average: Array,
    rate: Array,
    trace: Trace,
    weights: Array,
    headroom: float,
    quantile: float,
    seed: int,
    others: tuple[Peak, ...],
    told: str,
    exact: Peak | None = None,
) -> Demand:
    held = trace.occupancy(len(weights))
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
        ordinary=(exact or _ordinary(held, weights, quantile, told), *others),
        busiest=_busiest(held, weights, told),
        elapsed_seconds=trace.elapsed_seconds(),
        on_one_of=tuple(
            _on_busiest(trace.divided(number, seed), len(weights), quantile)
            for number in range(1, MOST_REPLICAS + 1)
        ),
    )


def _on_busiest(replicas: Sequence[Trace], kinds: int, quantile: float) -> int:
    alike = np.ones(kinds)
    return max(int(one.occupancy(kinds).at_quantile(alike, quantile).sum()) for one in replicas)


def _poisson(stream: Stream, kinds: int, quantile: float, told: str) -> Peak | None:
    """The ordinary peak without a simulation: of one kind that arrives at random, runs are in progress by
    Poisson's distribution, however long they last (Takács 1962: M/G/∞). None for any other stream."""
    if stream.regular or stream.at_once > 1:
        return None
    counts = np.zeros(kinds, dtype=np.int64)
    mean = stream.runs_per_hour / HOUR_SECONDS * stream.exists_seconds
    counts[stream.kind] = poisson_quantile(quantile, mean)
    return _peak("ordinary", counts, _seldom(quantile, told))


def _ordinary(held: Occupancy, weights: Array, quantile: float, told: str) -> Peak:
    counts = held.at_quantile(weights, quantile)
    return _peak("ordinary", counts, _seldom(quantile, told))


def _seldom(quantile: float, told: str) -> str:
    return f"not exceeded for {100 * quantile:.6g} % of the time, {told}"


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


def _whole(runs: float) -> int:
    """In whole runs: 6.25 take room for 7, and what is whole but for rounding takes no more."""
    return math.ceil(round(runs, 9))

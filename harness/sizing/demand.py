"""How many runs are in progress at once: the guide's way, and the peaks of days by how often they come. Pure.

What takes a server down is the heaviest moment of a day, not what holds for most of the time: twenty runs of
a minute every night are 0.07 % of it. So a size is for a peak with a return period: a level that the peak of
a day exceeds once in so many days on average, the term of hydrology (Gumbel 1941, "The Return Period of Flood
Flows"), and never for less than what schedules launch together.

Every way ends in counts of runs by kind, a kind being what costs alike; a kind weighs what one of its runs
takes of memory, so that a level is one of memory and not of mere numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.day_peaks import DAY_SECONDS, DayPeaks, RandomArrivals
from harness.model.distributions import poisson_mean_at_most
from harness.model.linear import Array
from harness.model.occupancy import Counts
from harness.sizing.arrivals import (
    HOUR_SECONDS,
    Stream,
    scheduled_occupancy,
    trace_of_history,
)
from harness.sizing.day_peaks_seen import peaks_seen
from harness.sizing.placement import WHOLE, Share

USUAL_DAYS = 2.0
"""The peak of every second day."""
RARER = 10.0
"""So many times rarer than the target is the peak that upper is for."""
FEWEST_RUNS = 3
"""Fewer runs tell no rate."""
LONG = 0.95
"""No longer is this share of the runs of a history that others may wait for."""


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
    launches_at_most: tuple[float, ...]
    """Their upper 97.5 % limit where they were counted in a history; else the same."""
    guide: Peak
    """The sizing guide's average × headroom; shown beside, and no size is for it."""
    usual: Peak
    """Of every second day."""
    target: Peak
    """What a size is recommended for."""
    rare: Peak
    """Ten times rarer."""
    seconds: tuple[float, ...]
    """For how long the process of a run exists, by kind: of the longest job, or 95 % of a history."""
    elapsed_seconds: float
    """For how long a run has been there, on average, that is met at any instant."""
    rests_on: str
    """What it was computed from."""
    warnings: tuple[str, ...] = ()
    """What it cannot know."""


def demand_of_streams(
    streams: Sequence[Stream], weights: Array, headroom: float, return_days: float, share: Share = WHOLE
) -> Demand:
    """Demand that is told by its rates.

    On one of several replicas random arrivals come at a share of the rate, and are as random there; what a
    schedule launches goes whole to any of them, so that all of them must hold it. That any of them exceeds
    its level is as rare as what was asked for (Boole's bound).

    Args:
        streams: at least one.
        weights: of one run of each kind; shape (kinds,).
        headroom: the guide's factor from average to peak.
        return_days: the peak of a day exceeds the target once in so many days.
        share: of one of several replicas.
    """
    kinds = len(weights)
    average, existing, rate = np.zeros(kinds), np.zeros(kinds), np.zeros(kinds)
    for stream in streams:
        average[stream.kind] += stream.average * share.of_launches
        existing[stream.kind] += stream.average_existing * share.of_launches
        rate[stream.kind] += stream.runs_per_hour * share.of_launches / HOUR_SECONDS
    random = [one.at_random(share.of_launches) for one in streams if not one.regular]
    scheduled = scheduled_occupancy(streams, kinds)
    told = "arrivals at random"
    if scheduled is not None:
        told = "schedules that begin together" + (", and arrivals at random" if random else "")
    peaks = DayPeaks(random, scheduled, weights)
    launches = [(_launch(one, kinds), "the heaviest launch") for one in streams if not one.regular]

    def level(days: float) -> tuple[Counts, str]:
        return _heavier(((peaks.level(share.rarely(days)), told), *launches), weights)

    target, how = _heavier((level(return_days), (peaks.level_of_schedules(return_days), told)), weights)
    squares = sum(one.runs_per_hour * one.exists_seconds**2 for one in streams)
    lasts = sum(one.runs_per_hour * one.exists_seconds for one in streams)
    return Demand(
        average=tuple(average.tolist()),
        average_existing=tuple(existing.tolist()),
        launches_per_second=tuple(rate.tolist()),
        launches_at_most=tuple(rate.tolist()),
        guide=_guide(average, headroom),
        usual=_peak(USUAL_DAYS, *level(USUAL_DAYS)),
        target=_peak(return_days, target, how),
        rare=_peak(RARER * return_days, *_heavier((level(RARER * return_days), (target, how)), weights)),
        seconds=tuple(
            max((one.exists_seconds for one in streams if one.kind == kind), default=0.0)
            for kind in range(kinds)
        ),
        elapsed_seconds=squares / (2 * lasts),
        rests_on="rates as told",
    )


def demand_of_history(
    starts: Array,
    ends: Array,
    kinds: Array,
    beyond_seconds: float,
    weights: Array,
    headroom: float,
    return_days: float,
    seed: int,
    share: Share = WHOLE,
) -> Demand:
    """Demand as it was: the peaks of its days, beside random arrivals of the same rates and durations.

    On one of several replicas: each launch is given to it by lot, whole.

    Args:
        starts, ends: seconds; shape (n,), n at least `FEWEST_RUNS`.
        kinds: which kind each run is of; shape (n,).
        beyond_seconds: how much longer the process of a run exists than the run lasts.
        weights: of one run of each kind; shape (kinds,).
        headroom, return_days, share: as for streams.
        seed: of the lots.
    """
    span = float(ends.max() - starts.min())
    trace = trace_of_history(starts, ends, np.asarray(kinds, dtype=np.int64), beyond_seconds)
    if share.replicas > 1:
        trace = trace.thinned(share.of_launches, seed)
    kinds_of = len(weights)
    count = np.bincount(trace.kinds, minlength=kinds_of)
    existed = np.bincount(trace.kinds, weights=trace.ends - trace.starts, minlength=kinds_of)
    rate = count / span
    average = (existed - count * beyond_seconds) / span
    random = [
        RandomArrivals(kind, 1, float(rate[kind]), float(existed[kind] / count[kind]))
        for kind in np.flatnonzero(count).tolist()
    ]
    at_random = DayPeaks(random, None, weights)
    held = trace.occupancy(kinds_of)
    seen = peaks_seen(held, weights)

    def level(days: float) -> tuple[Counts, str]:
        rarely = share.rarely(days)
        told = (at_random.level(rarely), "as random arrivals of its rate")
        return _heavier((seen.level(rarely), told), weights)

    target, how = level(return_days)
    return Demand(
        average=tuple(average.tolist()),
        average_existing=tuple(held.average().tolist()),
        launches_per_second=tuple(rate.tolist()),
        launches_at_most=tuple(poisson_mean_at_most(int(one)) / span for one in count),
        guide=_guide(average, headroom),
        usual=_peak(USUAL_DAYS, *seen.level(USUAL_DAYS)),
        target=_peak(return_days, target, how),
        rare=_peak(RARER * return_days, *level(RARER * return_days)),
        seconds=tuple(
            float(np.quantile((trace.ends - trace.starts)[trace.kinds == kind], LONG)) if count[kind] else 0.0
            for kind in range(kinds_of)
        ),
        elapsed_seconds=trace.elapsed_seconds(),
        rests_on=f"{len(starts):,} runs on {_days(seen.days, span)}",
        warnings=_too_short(seen.days, span, return_days),
    )


def _launch(stream: Stream, kinds: int) -> Counts:
    """The runs of one launch, by kind: what comes at all must fit, however seldom."""
    counts = np.zeros(kinds, dtype=np.int64)
    counts[stream.kind] = stream.at_once
    return counts


def _too_short(days: int, span: float, return_days: float) -> tuple[str, ...]:
    """A warning of a history that does not tell of peaks so rare."""
    if days + 1 >= return_days:
        return ()
    return (
        f"the history is {_days(days, span)} long and tells nothing of peaks rarer than once in {days + 1} "
        f"days; that of once in {return_days:g} days is extrapolated (a longer history: "
        "`dagster-sizing demand --days`)",
    )


def _days(days: int, span: float) -> str:
    if span < DAY_SECONDS / 2:
        return f"{span / HOUR_SECONDS:.2g} hours"
    return "1 day" if days == 1 else f"{days} days"


def _guide(average: Array, headroom: float) -> Peak:
    raised = average * headroom
    runs = tuple(_whole(one) for one in raised)
    return Peak("guide", runs, float(raised.sum()), f"{average.sum():.4g} on average × {headroom:g}")


def _heavier(found: Sequence[tuple[Counts, str]], weights: Array) -> tuple[Counts, str]:
    return max(found, key=lambda one: float(one[0] @ weights))


def _peak(days: float, counts: Counts, how: str) -> Peak:
    runs = tuple(int(one) for one in counts)
    return Peak(f"once in {days:,g} days", runs, float(sum(runs)), how)


def _whole(runs: float) -> int:
    """In whole runs: 6.25 take room for 7, and what is whole but for rounding takes no more."""
    return math.ceil(round(runs, 9))

"""How many runs are in progress when they arrive at random and none waits: the M/G/infinity queue.

At any instant their number is Poisson with mean rate × duration, whatever the distribution of the durations
(Takács 1962, "Introduction to the Theory of Queues", ch. 3); that the mean is rate × duration needs no more
than Little's law (Little 1961). What a server must survive is the peak of a whole day, which is larger and
has no closed form: it is simulated.
"""

from __future__ import annotations

import numpy as np

from harness.model.distributions import poisson_tail
from harness.model.linear import Array

DAY_SECONDS = 86_400.0


def share_of_time_above(mean: float, limit: float, batch: int = 1) -> float:
    """Stationary probability that more than `limit` runs are in progress.

    Args:
        mean: average number of runs in progress, above 0.
        limit: number of runs.
        batch: runs that arrive at one instant. Above 1 it is exact only where the runs of a batch last
            equally long: then whole batches are in progress, and their number is Poisson.
    """
    return poisson_tail(limit / batch, mean / batch)


def daily_peaks(mean: float, durations: Array, batch: int, days: int, seed: int) -> Array:
    """Largest number of runs in progress on each of `days` simulated days; shape (days,).

    Args:
        mean: average number of runs in progress; the rate follows from it.
        durations: seconds that runs were in progress, to draw from, mean above 0; shape (n,).
        batch: runs that arrive at one instant; batches arrive as a Poisson process.
        days: how many.
        seed: of the simulation.
    """
    rng = np.random.default_rng(seed)
    # Arrivals begin so early that those in progress at midnight are there.
    lead = float(durations.max())
    rate = mean / float(durations.mean()) / batch
    peaks = np.empty(days)
    for day in range(days):
        count = rng.poisson(rate * (DAY_SECONDS + lead))
        starts = np.repeat(rng.uniform(-lead, DAY_SECONDS, count), batch)
        ends = starts + rng.choice(durations, len(starts))
        today = ends > 0
        peaks[day] = peak_occupancy(np.maximum(starts[today], 0.0), ends[today])
    return peaks


def stream_peaks(launches: int, window_seconds: float, durations: Array, streams: int, seed: int) -> Array:
    """Largest number of runs in progress in each of `streams` simulated streams; shape (streams,).

    Args:
        launches: runs in a stream, which starts with none in progress; their gaps are exponential.
        window_seconds: time in which that many arrive on average.
        durations: seconds that runs were in progress, to draw from; shape (n,).
        streams: how many.
        seed: of the simulation.
    """
    rng = np.random.default_rng(seed)
    starts = rng.exponential(window_seconds / launches, (streams, launches)).cumsum(axis=1)
    ends = starts + rng.choice(durations, (streams, launches))
    return np.array([peak_occupancy(*one) for one in zip(starts, ends, strict=True)], dtype=float)


def peak_occupancy(starts: Array, ends: Array) -> int:
    """Largest number of the intervals [start, end) that hold one instant; both of shape (n,)."""
    if not len(starts):
        return 0
    at = np.concatenate([ends, starts])
    step = np.concatenate([np.full(len(ends), -1), np.ones(len(starts), dtype=int)])
    # A stable sort with the ends first: a run that ends when another begins was not there with it.
    return int(np.cumsum(step[np.argsort(at, kind="stable")]).max())

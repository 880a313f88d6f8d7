"""What the runs of a code location were like: how many, how long, how many at once, how they arrived. Pure.

How bursty arrivals are is told by the index of dispersion for counts: the variance of the number of starts in
a minute over its mean (Cox & Lewis 1966, "The Statistical Analysis of Series of Events"; Gusella 1991, IEEE
JSAC 9(2), for arrivals at servers). It is 1 where runs start at random, whatever their rate, 0 where every
minute has as many; above 1 they come in bursts, or at busy hours.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from harness.model.linear import Array
from harness.model.occupancy import occupancy
from harness.results.demand_document import Arrivals, LocationProfile
from harness.sizing.arrivals import HOUR_SECONDS, TOGETHER_SECONDS

MINUTE_SECONDS = 60.0

FEWEST_FOR_MEAN = 3
FEWEST_FOR_TAIL = 20
"""Of fewer runs the 95 % quantile is no more than the longest of them."""
FEWEST_MINUTES = 30

_MATERIAL = 0.25
"""A dispersion so close to 1 makes no difference to a size, however surely it is not 1."""
_SIGMAS = 3.0


def profile_of(location: str, starts: Array, ends: Array) -> LocationProfile:
    """Figures of one code location.

    Args:
        location: its name.
        starts, ends: epoch seconds; shape (n,), n above 0, each end after its start.
    """
    count = len(starts)
    lasted = ends - starts
    held = occupancy(starts, ends, np.zeros(count, dtype=np.int64), 1)
    at_once = held.counts[:, 0]
    busiest = int(np.argmax(at_once))
    enough = count >= FEWEST_FOR_MEAN
    mean = float(lasted.mean())
    # From the first start to the last end, as sizing counts it.
    per_hour = count / float(ends.max() - starts.min()) * HOUR_SECONDS
    dispersion, arrivals = _dispersion(starts)
    return LocationProfile(
        location=location,
        runs=count,
        first_start_epoch_seconds=float(starts.min()),
        last_start_epoch_seconds=float(starts.max()),
        runs_per_hour=per_hour if enough else None,
        seconds_mean=mean if enough else None,
        seconds_median=float(np.median(lasted)) if enough else None,
        seconds_95=float(np.quantile(lasted, 0.95)) if count >= FEWEST_FOR_TAIL else None,
        average=mean / HOUR_SECONDS * per_hour if enough else None,
        peak=int(at_once[busiest]),
        peak_at_epoch_seconds=float(held.times[busiest]),
        dispersion=dispersion,
        arrivals=arrivals,
        most_starts=_most_within(starts, TOGETHER_SECONDS),
    )


def profiles_of(runs: pd.DataFrame) -> tuple[LocationProfile, ...]:
    """Figures of every code location in a history as `whole_runs` gives it, the one with most runs first."""
    found = [
        profile_of(str(name), one["start"].to_numpy(float), one["end"].to_numpy(float))
        for name, one in runs.groupby("location")
    ]
    return tuple(sorted(found, key=lambda one: (-one.runs, one.location)))


def _dispersion(starts: Array) -> tuple[float | None, Arrivals | None]:
    """Variance / mean of the starts per minute of the clock, and what that says; nothing of too few."""
    minutes, counts = np.unique(np.floor(starts / MINUTE_SECONDS), return_counts=True)
    number = int(minutes[-1] - minutes[0]) + 1
    total = len(starts)
    if total < FEWEST_FOR_TAIL or number < FEWEST_MINUTES:
        return None, None
    # Minutes without a start are not listed: a history of years has millions of them.
    mean = total / number
    variance = (float(np.sum(counts.astype(float) ** 2)) - number * mean**2) / (number - 1)
    index = variance / mean
    # Of random starts it varies by so much from history to history (Cox & Lewis 1966).
    margin = max(_MATERIAL, _SIGMAS * math.sqrt(2 / (number - 1)))
    if index > 1 + margin:
        return index, "in bursts"
    if index < 1 - margin:
        return index, "regular"
    # With so few a minute even the most regular ones come to 1 - mean, as random ones may.
    return index, "no bursts" if mean <= margin else "as random"


def _most_within(starts: Array, seconds: float) -> int:
    ordered = np.sort(starts)
    beyond = np.searchsorted(ordered, ordered + seconds, side="right")
    return int(np.max(beyond - np.arange(len(ordered))))

"""A cap on runs below the peak, as it may be asked for: what is at once, and how long the last waits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.errors import InputError
from harness.model.linear import Array
from harness.sizing.demand import Demand, Peak

DEQUEUE_SECONDS = 5.0
"""How often the daemon looks into the queue: the default of the coordinator's `dequeue_interval_seconds`."""


@dataclass(frozen=True)
class Waiting:
    """What a cap makes of a peak."""

    cap: int
    of_peak: Peak
    """The peak that it cuts."""
    seconds: float
    """Until the last run of it starts, at most."""


def waiting(demand: Demand, cap: int, launch_seconds: Sequence[float]) -> Waiting:
    """How long the last run of the target's peak waits, if all of it comes at once.

    No slot is free before it starts, so that it waits no longer than the others take, divided by the slots
    (Graham 1969, "Bounds on Multiprocessing Timing Anomalies"); where all last as long, in whole rounds. Each
    round takes the time that the daemon may look away, and it launches one run after another.

    Args:
        demand: whose target is cut.
        cap: runs at once, at least 1.
        launch_seconds: that a launch takes, by kind.

    Raises:
        InputError: so few at once are outrun by the arrivals, and the queue would grow without end.
    """
    average = sum(demand.average_existing)
    if cap <= average:
        raise InputError(
            f"--max-concurrent-runs {cap}: {average:.3g} runs are in progress on average, so that the queue "
            f"would grow without end; at least {math.floor(average) + 1} are needed, more to empty it in time"
        )
    target = demand.target
    rounds = max(0, math.ceil(target.total / cap) - 1)
    present = [lasts for runs, lasts in zip(target.runs, demand.seconds, strict=True) if runs]
    if len(present) == 1:
        seconds = rounds * present[0]
    else:
        work = sum(runs * lasts for runs, lasts in zip(target.runs, demand.seconds, strict=True))
        seconds = max(0.0, work - min(present)) / cap if rounds else 0.0
    launches = sum(runs * takes for runs, takes in zip(target.runs, launch_seconds, strict=True))
    return Waiting(cap, target, seconds + rounds * DEQUEUE_SECONDS + launches)


def capped(demand: Demand, cap: int, weights: Array) -> Demand:
    """The demand with at most so many runs at once: of each peak the heaviest."""

    def cut(peak: Peak) -> Peak:
        if peak.total <= cap:
            return peak
        runs = _heaviest(peak.runs, cap, weights)
        how = f"of the {peak.total} {peak.name}, as asked; the others wait"
        return Peak(f"at most {cap} at once", runs, float(cap), how)

    return replace(demand, usual=cut(demand.usual), target=cut(demand.target), rare=cut(demand.rare))


def _heaviest(runs: Sequence[int], cap: int, weights: Array) -> tuple[int, ...]:
    kept, left = [0] * len(runs), cap
    for kind in np.argsort(-weights, kind="stable").tolist():
        kept[kind] = min(runs[kind], left)
        left -= kept[kind]
    return tuple(kept)

"""The plan of a load on a deployment that is not ours: which bursts, and for how long. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.experiment.plan import plan_bursts

FEWEST_INTERVALS = 4
"""Of readings, for which each level is held."""
REST_INTERVALS = 2
"""Between two bursts: the server alone is a level too."""
SPARE_READINGS = 1.1
"""More than are needed, as some are lost at either end."""
RUNS_IN_A_ROW = 40
"""The whole time is so many times as long as a run: intervals come of blocks of at least four runs' time, and
eight blocks are the fewest."""
LAUNCH_SECONDS = 3.0
"""What a launch takes, until one was seen."""


@dataclass(frozen=True)
class AttachedBurst:
    """So many runs of one workload at once."""

    order: int
    workload: int
    """Its number in the scenario."""
    level: int


@dataclass(frozen=True)
class AttachedPlan:
    """What is fired, and how long it takes."""

    bursts: tuple[AttachedBurst, ...]
    hold_seconds: float
    """Each level is held."""
    rest_seconds: float
    """Before each burst."""

    @property
    def seconds(self) -> float:
        """About how long all of it takes, launches left out."""
        return len(self.bursts) * (self.hold_seconds + self.rest_seconds)

    @property
    def runs(self) -> int:
        """How many there are at least; more where a level has to be launched again to be held."""
        return sum(burst.level for burst in self.bursts)


def plan_attached(
    workloads: int,
    levels: Sequence[int],
    repeats: int,
    interval: float,
    needed: tuple[int, int, int],
    seed: int,
) -> AttachedPlan:
    """Bursts enough for constants that are valid, each held for at least four intervals of the readings.

    The first repeat goes from the lowest level up, as nobody knows yet what the deployment bears; the others
    are shuffled, so that a drift falls on all levels alike.

    Args:
        workloads: how many there are.
        levels: runs of a burst.
        repeats: bursts at each level, at least.
        interval: seconds between two readings.
        needed: readings, runs, and runs of each workload that a result needs.
        seed: of the order.
    """
    readings, runs, of_each = needed
    per_repeat = sum(levels)
    repeats = max(repeats, math.ceil(runs / (workloads * per_repeat)), math.ceil(of_each / per_repeat))
    launching = LAUNCH_SECONDS * (max(levels) - 1)
    while True:
        number = repeats * workloads * len(levels)
        held = max(FEWEST_INTERVALS, math.ceil(SPARE_READINGS * readings / number - REST_INTERVALS))
        if number * (held + REST_INTERVALS) * interval >= RUNS_IN_A_ROW * (held * interval + launching):
            break
        repeats += 1
    chosen = [(workload, level) for workload in range(workloads) for level in sorted(levels)]
    rest = plan_bursts(dict.fromkeys(range(len(chosen)), repeats - 1), seed, 0)
    order = [*range(len(chosen)), *(burst.level for burst in rest)]
    bursts = tuple(AttachedBurst(number, *chosen[one]) for number, one in enumerate(order))
    return AttachedPlan(bursts, held * interval, REST_INTERVALS * interval)

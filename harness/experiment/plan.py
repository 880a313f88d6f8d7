"""The plan of one cell: which bursts, in which order, and how long their runs hold. Pure."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from harness.results.columns import RELOAD, TICKING

RELOAD_HOLD_SECONDS = 8.0
"""The runs of a burst with a reload last longer by this, to be at work all the while."""
SPREAD_MARGIN = 2.0
"""Runs are allowed to start so many times as far apart as they were seen to."""
LEAST_HOLD = 0.5
"""Share of what a launch's cost makes of a hold that is never gone below: a machine may get busier."""


@dataclass(frozen=True)
class PlannedBurst:
    """One burst to come."""

    order: int
    phase: str
    """`warmup`, `measure`, `reload`, `ticking`, or `disturbed` for one that was measured again."""
    level: int
    repeat: int


def plan_bursts(counts: Mapping[int, int], seed: int, first_order: int) -> tuple[PlannedBurst, ...]:
    """Blocks of each level once, in a random order; a level with fewer bursts is in random ones of them.

    Blocks, not one big shuffle: a drift of the machine then falls on all levels alike.

    Args:
        counts: bursts by level.
        seed: of the order.
        first_order: number of the first of them.
    """
    rng = np.random.default_rng(seed)
    blocks = max(counts.values(), default=0)
    fewer = {
        level: set(rng.choice(blocks, count, replace=False))
        for level, count in counts.items()
        if count < blocks
    }
    planned: list[PlannedBurst] = []
    done: Counter[int] = Counter()
    for block in range(blocks):
        here = [level for level in counts if level not in fewer or block in fewer[level]]
        for level in map(int, rng.permutation(np.asarray(here))):
            planned.append(PlannedBurst(first_order + len(planned), "measure", level, done[level]))
            done[level] += 1
    return tuple(planned)


def plan_apart(reloads: int, level: int, windows: int, first_order: int) -> tuple[PlannedBurst, ...]:
    """What comes after all measured bursts: those with a reload, and the times of the daemon's ticks.

    Args:
        reloads: bursts of `level` during which the code is loaded again.
        level: runs of each.
        windows: times in which the daemon evaluates sensors by itself.
        first_order: number of the first of them.
    """
    phases = [(RELOAD, level, number) for number in range(reloads)]
    phases += [(TICKING, 0, number) for number in range(windows)]
    return tuple(PlannedBurst(first_order + order, *phase) for order, phase in enumerate(phases))


class BurstQueue:
    """The bursts still to come, to which a disturbed one may be added again at the end.

    `auto` spares half as many again as are planned, with `more` that may be added: a machine that disturbs
    more is not fit to measure on.
    """

    def __init__(
        self,
        planned: tuple[PlannedBurst, ...],
        spare: int | Literal["auto"] = "auto",
        more: int = 0,
    ) -> None:
        self._left = deque(planned)
        self._spare = max(3, (len(planned) + more) // 2) if spare == "auto" else spare
        self._next_order = max((burst.order for burst in planned), default=-1) + 1

    @property
    def next_order(self) -> int:
        """Number of the first burst after all that are known."""
        return self._next_order

    def add(self, planned: Iterable[PlannedBurst]) -> None:
        """Let more bursts follow, whose numbers go on from those that are known."""
        for burst in planned:
            self._left.append(burst)
            self._next_order = burst.order + 1

    @property
    def left(self) -> tuple[PlannedBurst, ...]:
        """What is still to come."""
        return tuple(self._left)

    def take(self) -> PlannedBurst:
        """The next burst."""
        return self._left.popleft()

    def again(self, burst: PlannedBurst) -> bool:
        """Measure `burst` again, under a number of its own; false when there were too many already."""
        if not self._spare:
            return False
        self._left.append(replace(burst, order=self._next_order))
        self._next_order += 1
        self._spare -= 1
        return True


class StartSpread:
    """How far apart the runs of a burst start, as bursts of its level or a higher one have shown.

    What bursts of lower levels show says nothing: more launches may have to wait for a worker.
    """

    def __init__(self) -> None:
        self._widest: dict[int, float] = {}

    def seen(self, level: int, seconds: float) -> None:
        """A burst's first and last run started so far apart; infinity where not all ran at once."""
        self._widest[level] = max(seconds, self._widest.get(level, 0.0))

    def allowed(self, level: int) -> float:
        """Seconds that the runs of the next burst may start apart; infinity where nothing is known."""
        known = [seconds for seen, seconds in self._widest.items() if seen >= level]
        return SPREAD_MARGIN * max(known, default=math.inf)


def hold_seconds(
    level: int, launch_seconds: float, plateau: float, window: float, spread: float = math.inf
) -> float:
    """How long a run must last, in seconds, so that all `level` runs overlap for `plateau`.

    The first run may start at once while the last waits for all launches before it, at `launch_seconds`
    each. With free workers they share the CPU and start closer together, but not reliably so: less is held,
    down to half, only where `spread` is known to be enough. Schedules that spread launches add their window.
    """
    reckoned = launch_seconds * (level - 1)
    return plateau + min(reckoned, max(spread, LEAST_HOLD * reckoned)) + window


def expected_burst_seconds(level: int, launch_seconds: float, plateau: float, window: float) -> float:
    """Rough length of a burst from idle to drained, for the progress display only."""
    return 3.0 + level * launch_seconds + hold_seconds(level, launch_seconds, plateau, window)


def has_settled(launch_spans: list[float], tolerance: float) -> bool:
    """Whether the last two warm-up bursts cost the same, within `tolerance` of the larger."""
    if len(launch_spans) < 2:
        return False
    before, last = launch_spans[-2:]
    return abs(last - before) <= tolerance * max(before, last)

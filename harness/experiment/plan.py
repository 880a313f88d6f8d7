"""The plan of one cell: which bursts, in which order, and how long their runs hold. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from harness.results.columns import RELOAD, TICKING

RELOAD_HOLD_SECONDS = 8.0
"""The runs of a burst with a reload last longer by this, to be at work all the while."""
SPREAD_MARGIN = 1.5
"""Runs are allowed to start so many times as far apart as those of a burst as large were seen to."""
LOWER_MARGIN = 2.0
"""And so many times where only smaller bursts are known."""
LARGER = 2.5
"""A burst may be so many times as large as one that tells something about it."""
FEWEST_DEFAULT_WORKERS = 5
"""What Python's thread pool has at least where nobody chooses: `min(32, CPUs + 4)`."""
LEAST_SPREAD = 0.4
"""Share of what launches cost that runs are always allowed to start apart: a machine may get busier."""


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
    """How far apart the runs of a burst start, as earlier bursts have shown.

    As a share of what the launches cost that the last run may have to wait for.

    Args:
        workers: launches that are worked on at once. What a smaller burst shows says nothing of one with
            more: some of its launches have to wait. None where nobody chose a number.
    """

    def __init__(self, workers: int | None) -> None:
        self._workers = workers or FEWEST_DEFAULT_WORKERS
        self._widest: dict[int, float] = {}

    def seen(self, level: int, seconds: float, launch_seconds: float) -> None:
        """First and last of two runs or more started so far apart; infinity where not all ran at once."""
        share = seconds / (launch_seconds * (level - 1))
        self._widest[level] = max(share, self._widest.get(level, 0.0))

    def allowed(self, level: int) -> float:
        """How far apart the runs of the next burst may start; 1 at most, so also where nothing is known."""
        seen = self._widest.items()
        as_large = [SPREAD_MARGIN * share for size, share in seen if size >= level]
        smaller = [LOWER_MARGIN * share for size, share in seen if size * LARGER >= level <= self._workers]
        return min(1.0, max(LEAST_SPREAD, *(as_large or smaller or [1.0])))


def hold_seconds(
    level: int, launch_seconds: float, plateau: float, window: float, spread: float = 1.0
) -> float:
    """How long a run must last, in seconds, so that all `level` runs overlap for `plateau`.

    The first run may start at once while the last waits for all launches before it, at `launch_seconds`
    each. With free workers they share the CPU and start closer together, but not reliably so: less is held
    only where `spread`, a share of that wait, is known to be enough. Schedules that spread launches add
    their window.
    """
    return plateau + spread * launch_seconds * (level - 1) + window


def expected_burst_seconds(
    level: int, launch_seconds: float, plateau: float, window: float, spread: float = 1.0
) -> float:
    """Rough length of a burst from idle to drained, for the progress display and for planning."""
    return 3.0 + level * launch_seconds + hold_seconds(level, launch_seconds, plateau, window, spread)


def has_settled(launch_spans: list[float], tolerance: float) -> bool:
    """Whether the last two warm-up bursts cost the same, within `tolerance` of the larger."""
    if len(launch_spans) < 2:
        return False
    before, last = launch_spans[-2:]
    return abs(last - before) <= tolerance * max(before, last)

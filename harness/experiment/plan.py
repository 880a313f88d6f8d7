"""The plan of one cell: which bursts, in which order, and how long their runs hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOLD_MARGIN = 1.3
"""Launches slow each other down, so holds are made this much longer than calibration asks."""


@dataclass(frozen=True)
class PlannedBurst:
    """One burst to come."""

    order: int
    phase: str
    """`warmup` or `measure`."""
    level: int
    repeat: int


def plan_bursts(
    levels: tuple[int, ...], repeats: int, seed: int, first_order: int
) -> tuple[PlannedBurst, ...]:
    """Every level once per repeat, each repeat in its own random order.

    Blocks, not one big shuffle: a drift of the machine then falls on all levels alike.
    """
    rng = np.random.default_rng(seed)
    planned: list[PlannedBurst] = []
    for repeat in range(repeats):
        for level in rng.permutation(np.asarray(levels)):
            planned.append(PlannedBurst(first_order + len(planned), "measure", int(level), repeat))
    return tuple(planned)


@dataclass(frozen=True)
class LaunchCost:
    """What launching costs, as calibrated in warm-up and corrected by every burst since."""

    seconds_per_run: float
    """From the intended instant to the start of the last run, over the runs of the burst."""
    gap_seconds: float
    """Time between the starts of two successive runs of a burst, where a worker is free for each."""

    def corrected(self, seconds_per_run: float, gap_seconds: float) -> LaunchCost:
        """With what a burst has shown: the larger gap, and half of the news about the cost."""
        cost = (self.seconds_per_run + seconds_per_run) / 2
        return LaunchCost(cost, min(max(self.gap_seconds, gap_seconds), cost))


def hold_seconds(level: int, workers: int, cost: LaunchCost, plateau: float, window: float) -> float:
    """How long a run must last, in seconds, so that all `level` runs overlap for `plateau`.

    The first `workers` launches are taken on together and start a gap apart; each further one waits for a
    whole launch. Schedules that spread launches add their window.
    """
    at_once = min(level, workers)
    spread = (at_once - 1) * cost.gap_seconds + (level - at_once) * cost.seconds_per_run
    return plateau + HOLD_MARGIN * spread + window


def expected_burst_seconds(
    level: int, workers: int, cost: LaunchCost, plateau: float, window: float
) -> float:
    """Rough length of a burst from idle to drained, for the progress display only."""
    return 2.5 + level * cost.seconds_per_run + hold_seconds(level, workers, cost, plateau, window)


def has_settled(launch_spans: list[float], tolerance: float) -> bool:
    """Whether the last two warm-up bursts cost the same, within `tolerance` of the larger."""
    if len(launch_spans) < 2:
        return False
    before, last = launch_spans[-2:]
    return abs(last - before) <= tolerance * max(before, last)

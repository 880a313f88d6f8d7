"""The plan of one cell: which bursts, in which order, and how long their runs hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOLD_MARGIN = 1.3
"""Launches slow each other down, so holds are made this much longer than the calibrated launch cost asks."""


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


def hold_seconds(level: int, launch_seconds: float, plateau_seconds: float, window_seconds: float) -> float:
    """How long a run must last so that all `level` runs overlap for `plateau_seconds`.

    The first run starts `(level - 1) * launch_seconds` before the last; schedules that spread launches add
    their window.
    """
    return plateau_seconds + HOLD_MARGIN * launch_seconds * (level - 1) + window_seconds


def expected_burst_seconds(
    level: int, launch_seconds: float, plateau_seconds: float, window_seconds: float
) -> float:
    """Rough length of a burst from idle to drained, for the progress display only."""
    launching = level * launch_seconds
    hold = hold_seconds(level, launch_seconds, plateau_seconds, window_seconds)
    return 2.5 + launching + hold


def has_settled(launch_spans: list[float], tolerance: float) -> bool:
    """Whether the last two warm-up bursts cost the same, within `tolerance` of the larger."""
    if len(launch_spans) < 2:
        return False
    before, last = launch_spans[-2:]
    return abs(last - before) <= tolerance * max(before, last)

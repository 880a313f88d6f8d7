"""What scrapes of a server could see at all: levels of load, and spikes between them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.observed_load import Life, Sampling, running, starting, states

LEVEL_SHARE = 0.01
LEVEL_SCRAPES = 10
"""A level was held where this share of scrapes, or so many of them, saw it."""
CERTAINTY = 0.95


@dataclass(frozen=True)
class Levels:
    """Numbers of runs that were live at once, by scrapes."""

    held: tuple[int, ...]
    """That enough scrapes saw, ascending."""
    highest: int
    """That any scrape saw."""

    @property
    def highest_held(self) -> int:
        """0 without any."""
        return max(self.held, default=0)


def levels_seen(lives: Sequence[Life], sampling: Sampling, lag: float = 0.0) -> Levels:
    """How many runs were live at scrapes, or on average over their windows, rounded.

    Args:
        lives: at least one.
        sampling: of their scrapes.
        lag: seconds by which stamps are late.
    """
    equations = states(lives, sampling)
    if not len(equations.values):
        return Levels((), 0)
    both = [column(equations.jobs).values(equations, lag) for column in (starting, running)]
    live, scrapes = np.unique(np.rint(both[0] + both[1]).astype(int), return_counts=True)
    enough = (scrapes >= LEVEL_SCRAPES) | (scrapes >= LEVEL_SHARE * len(equations.values))
    return Levels(tuple(live[enough].tolist()), int(live.max()))


def widest_unseen_spike(interval: float, runs: int) -> float:
    """Seconds: any wider spike, once in each of so many runs, was met by a scrape at least once, with 95 %.

    A spike of width w is met with probability w / interval in each run, where runs begin at random between
    scrapes of an instant: none of n meets it with (1 - w / interval)^n.
    """
    return float(interval * (1 - (1 - CERTAINTY) ** (1 / runs))) if runs > 0 else float(interval)

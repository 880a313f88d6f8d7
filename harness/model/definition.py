"""What an entry of the registry of constants is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.model.bursts import Bursts, Fired
from harness.model.linear import Array

Part = Literal["base", "slope", "mean", "leak"]
"""What of the points is the constant."""
Kind = Literal["memory", "cpu", "latency", "count"]
"""What a change is judged by: each kind has a threshold of its own."""


@dataclass(frozen=True)
class Points:
    """What a constant is computed from: base, slope or leak of `y` against `x`, or the mean of `y`."""

    part: Part
    x: Array
    """Shape (n,); of no account for a mean."""
    y: Array
    """Shape (n,); nan where a burst has no value."""
    lacking: str = ""
    """What would give more points, after `only 2 bursts`; empty where more bursts would."""


@dataclass(frozen=True)
class Definition:
    """One entry of the registry."""

    name: str
    unit: str
    meaning: str
    source: str
    """Columns of the table of bursts that it comes from, and how; for people."""
    kind: Kind
    fired: tuple[Fired, ...]
    """Of which bursts: of runs, of ticks, or of both alike."""
    needs: tuple[str, ...]
    """Columns of the table of bursts, besides those that count runs and ticks."""
    points: Callable[[Bursts], Points]
    of_one_server: bool = False
    """Whether it is a figure of the server and not of a run: with replicas, each has its share of the sum."""
    by_level: bool = False
    """Compared as what a burst cost per run, level by level: that takes fewer bursts than its slope."""
    if_measured: bool = False
    """Whether it is told of only where it was measured, which a scenario has to ask for."""
    negligible: float = 0.0
    """A change up to it, in `unit`, is none that matters, whatever share that is."""
    compared: bool = True
    """Whether it is compared by ratio; a leak is nothing in most versions, of which there is no ratio."""

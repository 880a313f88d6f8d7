"""Measured bursts as arrays: what constants are fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.model.linear import Array

Fired = Literal["runs", "ticks"]


@dataclass(frozen=True)
class Bursts:
    """Bursts of one cell, or of one setting over several rounds; arrays of equal length (n,)."""

    fired: Fired
    """What they fired: runs, perhaps with ticks beside them, or ticks alone."""
    concurrency: Array
    """Observed peak of runs (or evaluations of ticks) that were up at once."""
    ended: Array
    """Runs that ended, or ticks that were evaluated."""
    before: Array
    """Runs (or ticks) that had ended since the server started, before the burst."""
    columns: Mapping[str, Array]
    """Further columns by name, nan where a burst has no value; those that were not measured are missing."""
    apart: Mapping[str, Array] = field(default_factory=dict)
    """What was measured apart from the bursts, by constant, arrays of any length; what was not is missing."""
    chosen: bool = False
    """Whether memory per run decided, burst by burst, how many there are and of which level."""

"""Which burst comes next where a scenario asks for a width: decided by whoever can fit, and told to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from harness.results.result_document import CellRecord, WidthRecord


@dataclass(frozen=True)
class Step:
    """What comes after the bursts that are there."""

    level: int | None
    """Of the next burst; None where there shall be none."""
    width: WidthRecord
    """How things stand."""


class Design(Protocol):
    """Chooses bursts one at a time, by those before."""

    def __call__(self, cell: CellRecord, bursts: pd.DataFrame, seconds: Mapping[int, float]) -> Step:
        """What comes next.

        Args:
            cell: that is measured.
            bursts: table of all that are there, a whole round of its levels at least.
            seconds: that a burst of each level takes.
        """
        ...

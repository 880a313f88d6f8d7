"""How narrow the interval of memory per run is by now, and which burst narrows it most.

An interval that is looked at after every burst is narrow by chance at times, and stopping then would make it
too narrow: hence the fewest bursts before the first look, and a confidence that makes up for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.model.constants import fit_constant
from harness.model.next_level import next_level, relative_width
from harness.results.result_document import WidthRecord
from harness.sizing.fitting import as_bursts, fired_of, measured_bursts

NAMES = {"runs": "memory_per_run_bytes", "ticks": "memory_per_tick_bytes"}
"""The constant whose width is asked for, by what the bursts fire."""


def width_of(
    bursts: pd.DataFrame, cell_id: str, asked: float, allowed: tuple[int, int], seed: int
) -> WidthRecord:
    """How things stand after the bursts of a cell, and whether that is the end.

    Args:
        bursts: table of them, a whole round of its levels at least.
        cell_id: which cell.
        asked: half the width as a share of the value, at most.
        allowed: fewest and most bursts.
        seed: of the bootstrap.
    """
    fewest, most = allowed
    fired = len(_levels(bursts, cell_id))
    rows = measured_bursts(bursts, cell_id)
    name = NAMES[fired_of(rows)]
    reached = relative_width(fit_constant(name, as_bursts(rows, chosen=True), seed).estimate)
    narrow = reached is not None and reached <= asked and len(rows) >= fewest
    return WidthRecord(
        constant=name,
        asked=asked,
        reached=reached,
        bursts=len(rows),
        most_bursts=most,
        stopped="narrow enough" if narrow else "most bursts" if fired >= most else "",
    )


def best_level(bursts: pd.DataFrame, cell_id: str, seconds: Mapping[int, float]) -> int:
    """The level that the next burst of a cell had best have; `seconds` are those of a burst by level."""
    return next_level(seconds, _levels(bursts, cell_id))


def _levels(bursts: pd.DataFrame, cell_id: str) -> list[int]:
    """Of the bursts that count, drained or not."""
    rows = bursts[(bursts["cell_id"] == cell_id) & (bursts["phase"] == "measure")]
    return [int(level) for level in rows["level"]]

"""Bursts one at a time, until memory per run is known as closely as a scenario asks for.

An interval that is looked at after every burst is narrow by chance at times, and stopping then would make it
too narrow: hence the fewest bursts before the first look, and a confidence that makes up for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.experiment.design import Step
from harness.model.constants import fit_constant
from harness.model.next_level import next_level, relative_width
from harness.results.result_document import CellRecord, WidthRecord
from harness.scenario.model import FEWEST_FOR_WIDTH, LoadSection
from harness.sizing.fitting import as_bursts, fired_of, measured_bursts

NAMES = {"runs": "memory_per_run_bytes", "ticks": "memory_per_tick_bytes"}
"""The constant whose width is asked for, by what the bursts fire."""


class AskedWidth:
    """Asks for bursts until the interval is narrow enough, or until there are as many as are allowed."""

    def __init__(self, load: LoadSection, seed: int) -> None:
        self._asked = load.width
        self._most = load.repeats * len(load.levels)
        self._seed = seed

    def __call__(self, cell: CellRecord, bursts: pd.DataFrame, seconds: Mapping[int, float]) -> Step:
        """See `Design`."""
        assert self._asked is not None, "nobody asks where there is none"
        fired = bursts[(bursts["cell_id"] == cell.cell_id) & (bursts["phase"] == "measure")]
        name = NAMES[fired_of(fired)]
        rows = measured_bursts(bursts, cell.cell_id)
        reached = relative_width(fit_constant(name, as_bursts(rows, chosen=True), self._seed).estimate)
        narrow = reached is not None and reached <= self._asked and len(rows) >= FEWEST_FOR_WIDTH
        stands = WidthRecord(
            constant=name,
            asked=self._asked,
            reached=reached,
            bursts=len(rows),
            most_bursts=self._most,
            stopped="narrow enough" if narrow else "most bursts" if len(fired) >= self._most else "",
        )
        if stands.stopped:
            return Step(None, stands)
        return Step(next_level(seconds, [int(level) for level in fired["level"]]), stands)

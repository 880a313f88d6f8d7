"""Bursts one at a time, until memory per run is known as closely as a scenario asks for."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.experiment.design import Step
from harness.results.result_document import CellRecord
from harness.scenario.model import FEWEST_FOR_WIDTH, LoadSection
from harness.sizing.asked_width import best_level, width_of


class AskedWidth:
    """Asks for bursts until the interval is narrow enough, or until there are as many as are allowed."""

    def __init__(self, load: LoadSection, seed: int) -> None:
        self._asked = load.width
        self._allowed = FEWEST_FOR_WIDTH, load.repeats * len(load.levels)
        self._seed = seed

    def __call__(self, cell: CellRecord, bursts: pd.DataFrame, seconds: Mapping[int, float]) -> Step:
        """See `Design`."""
        assert self._asked is not None, "nobody asks where there is none"
        stands = width_of(bursts, cell.cell_id, self._asked, self._allowed, self._seed)
        return Step(None if stands.stopped else best_level(bursts, cell.cell_id, seconds), stands)

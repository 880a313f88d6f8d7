"""How much longer the process of a run exists than its run history says. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.results.folder import Columns

if TYPE_CHECKING:
    import pandas as pd


BEYOND_COLUMNS = (
    "process_started_epoch_seconds",
    "process_exited_epoch_seconds",
    "run_start_epoch_seconds",
    "run_end_epoch_seconds",
)
"""Of the table `runs`."""


def seconds_beyond_run(runs: Columns | pd.DataFrame) -> float:
    """Mean over runs of process start to exit, less run start to end; 0 where no run tells all four.

    Memory is taken for as long as the process exists, while durations in a run history leave its start and
    its end out.
    """
    if any(name not in runs for name in BEYOND_COLUMNS):
        return 0.0
    started, exited, begun, ended = (np.asarray(runs[name], dtype=float) for name in BEYOND_COLUMNS)
    beyond = (exited - started) - (ended - begun)
    known = beyond[np.isfinite(beyond)]
    return float(max(0.0, known.mean())) if len(known) else 0.0

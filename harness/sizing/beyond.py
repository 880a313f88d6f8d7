"""How much longer the process of a run exists than its run history says. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd


def seconds_beyond_run(runs: pd.DataFrame) -> float:
    """Mean over runs of process start to exit, less run start to end; 0 where no run tells all four.

    Memory is taken for as long as the process exists, while durations in a run history leave its start and
    its end out.
    """
    columns = (
        "process_started_epoch_seconds",
        "process_exited_epoch_seconds",
        "run_start_epoch_seconds",
        "run_end_epoch_seconds",
    )
    if any(name not in runs for name in columns):
        return 0.0
    started, exited, begun, ended = (runs[name].to_numpy(float) for name in columns)
    beyond = (exited - started) - (ended - begun)
    known = beyond[np.isfinite(beyond)]
    return float(max(0.0, known.mean())) if len(known) else 0.0

"""The stages that the runs of one burst went through. Pure."""

from __future__ import annotations

import pandas as pd

from harness.sizing.fitting import measured_bursts

STAGES = ("queued", "importing", "starting", "running", "ending")
"""Created to the launch; to the word of its process, which has imported by then; to the start of the run; to
the run's end; to the end of its process."""
_MARKS = (
    "created_epoch_seconds",
    "starting_epoch_seconds",
    "process_started_epoch_seconds",
    "run_start_epoch_seconds",
    "run_end_epoch_seconds",
    "process_exited_epoch_seconds",
)


def slowest_burst(bursts: pd.DataFrame, cell_id: str) -> tuple[int, int] | None:
    """Number and level of the burst of the highest level that took longest; None where none was measured."""
    rows = measured_bursts(bursts, cell_id)
    if rows.empty:
        return None
    highest = rows[rows["level"] == rows["level"].max()]
    slowest = highest.sort_values("window_seconds", na_position="first").iloc[-1]
    return int(slowest["burst"]), int(slowest["level"])


def stages(runs: pd.DataFrame, cell_id: str, burst: int) -> pd.DataFrame:
    """Each stage of each run: `number`, `job`, `stage`, `from_seconds`, `to_seconds`, `status`.

    Numbers are from 1, as created; seconds since the first run of the burst was created. A stage whose begin
    or end is not known is left out: a run that was lost while it ran has no `running`.
    """
    columns = ["number", "job", "stage", "from_seconds", "to_seconds", "status"]
    rows = runs[(runs["cell_id"] == cell_id) & (runs["burst"] == burst)] if len(runs) else runs
    if rows.empty:
        return pd.DataFrame(columns=columns)
    ordered = rows.sort_values("created_epoch_seconds")
    first = float(ordered["created_epoch_seconds"].min())
    found = []
    for number, run in enumerate(ordered.to_dict("records"), start=1):
        marks = [run[name] for name in _MARKS]
        for stage, begin, end in zip(STAGES, marks, marks[1:], strict=False):
            if pd.notna(begin) and pd.notna(end) and end > begin:
                found.append((number, str(run["job"]), stage, begin - first, end - first, str(run["status"])))
    return pd.DataFrame(found, columns=columns)

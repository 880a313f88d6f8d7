"""The runs of one burst, stage by stage."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.picture import Picture, rounded
from harness.results.result_document import CellRecord
from harness.views.stages import STAGES, slowest_burst, stages

_ROW = 18
"""Pixels of a run."""


def gantt_picture(cell: CellRecord, runs: pd.DataFrame, bursts: pd.DataFrame) -> Picture | None:
    """Every run of the slowest burst of the highest level."""
    chosen = slowest_burst(bursts, cell.cell_id)
    if chosen is None:
        return None
    burst, level = chosen
    frame = stages(runs, cell.cell_id, burst)
    if frame.empty:
        return None
    count = frame["number"].nunique()
    chart = (
        alt.Chart(rounded(frame))
        .mark_bar()
        .encode(
            x=alt.X("from_seconds:Q", title="since the first launch (s)"),
            x2=alt.X2("to_seconds:Q"),
            y=alt.Y("number:O", title="run"),
            color=alt.Color("stage:N", title="stage", sort=list(STAGES)),
            tooltip=[
                alt.Tooltip("number:O", title="run"),
                alt.Tooltip("job:N"),
                alt.Tooltip("stage:N"),
                alt.Tooltip("from_seconds:Q", title="from (s)", format=".2f"),
                alt.Tooltip("to_seconds:Q", title="to (s)", format=".2f"),
                alt.Tooltip("status:N"),
            ],
        )
        .properties(width="container", height=max(80, _ROW * count))
    )
    lasted = frame.assign(lasted=frame["to_seconds"] - frame["from_seconds"])
    means = lasted.groupby("stage")["lasted"].mean()
    told = ", ".join(f"{stage} {means[stage]:.1f} s" for stage in STAGES if stage in means)
    return Picture(
        name="runs",
        title="Runs by stage",
        text=f"The {count} runs of burst {burst}, the slowest with {level} at once. On average: {told}.",
        source=f"runs.parquet: created to process_exited, burst {burst}; {count} runs",
        chart=chart,
    )

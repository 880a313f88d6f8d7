"""How long the sensor and schedule ticks of a burst took."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.picture import Picture, rounded
from harness.results.result_document import CellRecord
from harness.views import ticks as views


def ticks_picture(cell: CellRecord, ticks: pd.DataFrame, bursts: pd.DataFrame) -> Picture | None:
    """The share of ticks whose evaluation had begun, and that were answered, by the time since then."""
    frame = views.shares(ticks, bursts, cell.cell_id)
    if frame.empty:
        return None
    chart = (
        alt.Chart(rounded(frame))
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("seconds:Q", title="since the intended instant (s)"),
            y=alt.Y("share:Q", title="share of the ticks", axis=alt.Axis(format="%")),
            color=alt.Color("at_once:N", title="fired at once"),
            strokeDash=alt.StrokeDash("what:N", title="until", sort=list(reversed(views.WHATS.values()))),
            tooltip=[
                alt.Tooltip("at_once:N", title="fired at once"),
                alt.Tooltip("what:N", title="until"),
                alt.Tooltip("share:Q", format=".0%"),
                alt.Tooltip("seconds:Q", title="after (s)", format=".2f"),
                alt.Tooltip("ticks:Q", title="ticks behind the line"),
            ],
        )
        .properties(width="container", height=240)
    )
    told = "; ".join(
        f"of {group['ticks'].iloc[0]:,} ticks fired {at_once} at once, until {what}: median "
        f"{group['seconds'].median():.2f} s, slowest {group['seconds'].max():.2f} s"
        for (at_once, what), group in frame.groupby(["at_once", "what"], sort=False)
    )
    lost = views.not_evaluated(ticks, bursts, cell.cell_id)
    workers = "Dagster's own number of" if cell.grpc_max_workers is None else str(cell.grpc_max_workers)
    return Picture(
        name="ticks",
        title="Tick latency",
        text=f"With {workers} gRPC workers; {told}."
        + (f" {lost:,} further ticks were not evaluated." if lost else ""),
        source="ticks.parquet: intended_epoch_seconds, began_epoch_seconds, answered_epoch_seconds; "
        f"{frame.groupby('at_once')['ticks'].first().sum():,} ticks",
        chart=chart,
    )

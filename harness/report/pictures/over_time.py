"""What pictures over time have in common: their axis, the bursts as bands, and a colour for each server."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from harness.report.pictures.picture import rounded
from harness.report.pictures.theme import BLUE, GREY
from harness.views import timeline

_EXACT = alt.Scale(nice=False)
"""A Ping just before the first sample would widen the axis by a tenth."""
TIME = alt.X("seconds:Q", title="time (s)", scale=_EXACT)
RIGHT = alt.Axis(orient="right", grid=False, tickMinStep=1)
BANDS = "Grey bands: bursts, with the number launched at once; fainter: warm-up."
BANDS_SOURCE = "; bursts.parquet: released_epoch_seconds, drained_epoch_seconds, level"
_DIGIT = 8
"""Pixels that a digit of a band's number takes."""


def bands(bursts: pd.DataFrame, start: float) -> list[alt.Chart]:
    """The bursts, each with its level; the number is left out where its band is too narrow for it."""
    frame = rounded(timeline.bands(bursts, start)) if len(bursts) else bursts
    if frame.empty:
        return []
    frame = frame.assign(middle=(frame["from_seconds"] + frame["to_seconds"]) / 2)
    x = alt.X("from_seconds:Q", title="time (s)", scale=_EXACT)
    width = "abs(scale('x', datum.to_seconds) - scale('x', datum.from_seconds))"
    room = f"{width} >= {_DIGIT} * (length('' + datum.level) + 0.5)"
    return [
        alt.Chart(frame)
        .mark_rect(color=GREY)
        .encode(
            x=x,
            x2=alt.X2("to_seconds:Q"),
            opacity=alt.condition(alt.datum.phase == "measure", alt.value(0.2), alt.value(0.08)),
            tooltip=[
                alt.Tooltip("burst:N"),
                alt.Tooltip("level:Q", title="launched at once"),
                alt.Tooltip("phase:N"),
            ],
        ),
        alt.Chart(frame)
        .mark_text(baseline="bottom", fontSize=11)
        .encode(
            x=alt.X("middle:Q", title="time (s)", scale=_EXACT),
            y=alt.value(-2),  # above the lines, as a heading
            text=alt.Text("level:Q"),
            opacity=alt.condition(room, alt.value(1), alt.value(0)),
        ),
    ]


def by_server(frame: pd.DataFrame) -> Any:
    """A colour for each code server, where there are several."""
    several = frame["replica"].nunique() > 1
    return alt.Color("replica:N", title="code server") if several else alt.value(BLUE)


def source(file: str, columns: str, table: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """File, columns and rows, and how many points were left of them."""
    fewer = f", {len(drawn):,} points drawn, peaks kept" if len(drawn) < len(table) else ""
    return f"{file}: {columns}; {len(table):,} rows{fewer}"

"""Pings over time: how long they took, and what the server told of itself beside what was so."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.over_time import BANDS, BANDS_SOURCE, TIME, bands, by_server, source
from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.theme import BLUE, GREEN, GREY, ORANGE, RED, SKY
from harness.results.result_document import CellRecord
from harness.views import pings as views

_LINES = dict(
    zip(
        (*views.TRUE.values(), *views.TOLD.values()),
        ((BLUE, [1, 0]), (GREEN, [1, 0]), (SKY, [6, 3]), (ORANGE, [6, 3]), (GREY, [2, 3])),
        strict=True,
    )
)
"""Colour and dashes of each; what was so is drawn through."""


def latency_picture(pings: pd.DataFrame, bursts: pd.DataFrame, start: float) -> Picture | None:
    """How long each Ping took; those that got no answer as crosses."""
    if pings.empty:
        return None
    frame, lost = rounded(views.latencies(pings, start)), rounded(views.unanswered(pings, start))
    if frame.empty and lost.empty:
        return None
    y = alt.Y("answered_after_seconds:Q", title="answered after (s)")
    layers = bands(bursts, start)
    layers.append(
        alt.Chart(frame)
        .mark_line(interpolate="step-after", point=alt.OverlayMarkDef(size=18))
        .encode(
            x=TIME,
            y=y,
            color=by_server(frame),
            detail=[alt.Detail("line:N"), alt.Detail("replica:N")],
            tooltip=[
                alt.Tooltip("seconds:Q", title="sent at (s)", format=".1f"),
                alt.Tooltip("answered_after_seconds:Q", title="answered after (s)", format=".3f"),
                alt.Tooltip("replica:N", title="code server"),
            ],
        )
    )
    if len(lost):
        layers.append(
            alt.Chart(lost)
            .mark_point(shape="cross", angle=45, size=110, color=RED, filled=True)
            .encode(
                x=TIME,
                y=alt.value(16),
                tooltip=[alt.Tooltip("seconds:Q", title="sent at (s)"), alt.Tooltip("outcome:N")],
            )
        )
    took = pings["answered_epoch_seconds"] - pings["sent_epoch_seconds"]
    answered = int(took.notna().sum())
    told = f"{answered:,} of {len(pings):,} Pings were answered"
    if answered:
        told += f", half of them within {took.median():.3f} s, the slowest after {took.max():.2f} s"
    if len(lost):
        told += "; the others are marked by crosses"
    return Picture(
        name="pings",
        title="Ping latency over time",
        text=f"{told}. A Ping waits for a thread of the server like any other request. {BANDS}",
        source=source("pings.parquet", "sent_epoch_seconds, answered_epoch_seconds, outcome", pings, frame)
        + BANDS_SOURCE,
        chart=alt.layer(*layers).properties(width="container", height=220),
    )


def told_picture(cell: CellRecord, pings: pd.DataFrame, bursts: pd.DataFrame, start: float) -> Picture | None:
    """What the server told in its replies, beside the requests and runs that were in progress."""
    if pings.empty:
        return None
    frame = rounded(views.told(pings, start))
    if not frame["what"].isin(list(views.TOLD.values())).any():
        return None  # this version of Dagster tells nothing of itself
    colours, dashes = zip(*_LINES.values(), strict=True)
    legend = alt.Legend(title=None, columns=2, symbolType="stroke", symbolStrokeWidth=2)
    names = list(_LINES)
    lines = (
        alt.Chart(frame)
        .mark_line(interpolate="step-after")
        .encode(
            x=TIME,
            y=alt.Y("number:Q", title="requests or runs", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("what:N", scale=alt.Scale(domain=names, range=list(colours)), legend=legend),
            strokeDash=alt.StrokeDash(
                "what:N", scale=alt.Scale(domain=names, range=list(dashes)), legend=legend
            ),
            detail=[alt.Detail("line:N"), alt.Detail("replica:N")],
            tooltip=[
                alt.Tooltip("seconds:Q", title="sent at (s)", format=".1f"),
                alt.Tooltip("what:N"),
                alt.Tooltip("number:Q", format=",.0f"),
                alt.Tooltip("replica:N", title="code server"),
            ],
        )
    )
    most = frame.groupby("what")["number"].max()
    told = "; ".join(f"{name} {most[name]:,.0f}" for name in names if name in most)
    several = "" if cell.replicas == 1 else " Each code server tells of itself; what is true is of all."
    return Picture(
        name="told",
        title="What Pings tell, beside the truth",
        text="Dashed: what the server told of itself, where a Ping counts as a running request too. Drawn "
        "through: launches and ticks that were sent and not yet answered, and processes of runs. At most: "
        f"{told}.{several} {BANDS}",
        source=source("pings.parquet", ", ".join((*views.TOLD, *views.TRUE)), pings, frame) + BANDS_SOURCE,
        chart=alt.layer(*bands(bursts, start), lines).properties(width="container", height=260),
    )

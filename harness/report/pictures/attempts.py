"""The attempts of a trial: runs at once against the memory limit, and where it was predicted to break."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.theme import BLUE, GREEN, ORANGE, RED
from harness.report.text import MIB
from harness.report.trial_text import ordered
from harness.results.trial_document import TrialDocument
from harness.views.compared_attempts import attempts_of, predicted_of

HEIGHT = 340
_OUTCOMES = {"held": (GREEN, "circle"), "killed": (RED, "cross"), "unclear": (ORANGE, "diamond")}
_MEMORY, _RUNS = "memory limit (MiB)", "runs at once"


def attempts_picture(trial: TrialDocument) -> Picture | None:
    """All attempts of a trial; None before the first."""
    frame, predicted = attempts_of(trial), predicted_of(trial)
    if frame.empty:
        return None
    told = [
        f"{one.memory_bytes / MIB:,.0f} MiB, {one.runs} runs: {one.outcome}, "
        f"{one.bursts_held} of {one.bursts} bursts held"
        for one in ordered(trial)
    ]
    return Picture(
        name="attempts",
        title="What held, and what did not",
        text="; ".join([*told, *_predictions(predicted)]) + ".",
        source=f"try.json: memory_bytes, runs, outcome of {len(frame)} attempts; predicted of boundaries "
        f"({len(predicted)}); the raw tables of each attempt are in the folder of its name",
        chart=_chart(rounded(frame), rounded(predicted)),
    )


def _predictions(predicted: pd.DataFrame) -> list[str]:
    return [
        f"predicted to hold up to {one.runs:.0f} runs ({one.runs_low:.0f} to {one.runs_high:.0f}) in "
        f"{one.memory_mib:,.0f} MiB"
        if one.axis == "runs"
        else f"predicted to hold {one.runs:.0f} runs down to {one.memory_mib:,.0f} MiB "
        f"({one.memory_low:,.0f} to {one.memory_high:,.0f})"
        for one in predicted.itertuples(index=False)
    ]


def _chart(frame: pd.DataFrame, predicted: pd.DataFrame) -> alt.TopLevelMixin:
    numbers = sorted({*frame["runs"], *predicted["runs"]})
    axis = alt.Axis(values=numbers, format="d")
    layers = [*(_predicted(predicted, axis) if len(predicted) else ()), *_attempts(frame, axis)]
    return alt.layer(*layers).properties(width="container", height=HEIGHT)


def _x(column: str) -> alt.X:
    return alt.X(f"{column}:Q", title=_MEMORY, scale=alt.Scale(zero=False, padding=24))


def _y(column: str, axis: alt.Axis) -> alt.Y:
    return alt.Y(f"{column}:Q", title=_RUNS, scale=alt.Scale(zero=False, padding=24), axis=axis)


def _attempts(frame: pd.DataFrame, axis: alt.Axis) -> tuple[alt.Chart, ...]:
    colours, shapes = zip(*_OUTCOMES.values(), strict=True)
    outcomes, legend = list(_OUTCOMES), alt.Legend(title=None)
    tried = alt.Chart(frame).encode(x=_x("memory_mib"), y=_y("runs", axis))
    points = tried.mark_point(filled=True, size=120, opacity=0.95).encode(
        color=alt.Color("outcome:N", scale=alt.Scale(domain=outcomes, range=list(colours)), legend=legend),
        shape=alt.Shape("outcome:N", scale=alt.Scale(domain=outcomes, range=list(shapes)), legend=legend),
        tooltip=[
            alt.Tooltip("attempt:N"),
            alt.Tooltip("outcome:N"),
            alt.Tooltip("memory_mib:Q", title=_MEMORY, format=",.0f"),
            alt.Tooltip("runs:Q", title=_RUNS),
            alt.Tooltip("held:Q", title="bursts that held"),
            alt.Tooltip("bursts:Q", title="bursts"),
            alt.Tooltip("peak_mib:Q", title="peak (MiB)", format=",.0f"),
        ],
    )
    return points, tried.mark_text(dy=-14).encode(text=alt.Text("at:N"))


def _predicted(predicted: pd.DataFrame, axis: alt.Axis) -> tuple[alt.Chart, ...]:
    """Each boundary as a tick across its interval, which lies along the axis that was made harder."""
    tooltip = [
        alt.Tooltip("axis:N", title="boundary in"),
        alt.Tooltip("memory_mib:Q", title="predicted (MiB)", format=",.0f"),
        alt.Tooltip("memory_low:Q", title="MiB from", format=",.0f"),
        alt.Tooltip("memory_high:Q", title="MiB to", format=",.0f"),
        alt.Tooltip("runs:Q", title="predicted runs"),
        alt.Tooltip("runs_low:Q", title="runs from"),
        alt.Tooltip("runs_high:Q", title="runs to"),
    ]
    in_memory = alt.Chart(predicted).transform_filter(alt.datum.axis == "memory")
    in_runs = alt.Chart(predicted).transform_filter(alt.datum.axis == "runs")
    here = {"x": _x("memory_mib"), "y": _y("runs", axis)}
    band: dict[str, Any] = {"strokeWidth": 10, "opacity": 0.3, "color": BLUE}
    tick: dict[str, Any] = {"thickness": 3, "size": 26, "opacity": 1, "color": BLUE}
    return (
        in_memory.mark_rule(**band).encode(
            x=_x("memory_low"), x2=alt.X2("memory_high:Q"), y=_y("runs", axis)
        ),
        in_runs.mark_rule(**band).encode(
            x=_x("memory_mib"), y=_y("runs_low", axis), y2=alt.Y2("runs_high:Q")
        ),
        in_memory.mark_tick(orient="vertical", **tick).encode(**here, tooltip=tooltip),
        in_runs.mark_tick(orient="horizontal", **tick).encode(**here, tooltip=tooltip),
        in_memory.mark_text(dy=24).encode(**here, text=alt.Text("what:N")),
        in_runs.mark_text(align="right", dx=-18).encode(**here, text=alt.Text("what:N")),
    )

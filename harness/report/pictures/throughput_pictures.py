"""Throughput against the level, with its plateau where there is one."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from harness.report.pictures.marks import counting
from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.theme import BLUE, GREEN, GREY
from harness.results.result_document import CellRecord
from harness.results.scenario_record import ScenarioRecord
from harness.views.throughput import Throughput, throughput

_STARTED = (
    "Runs started per second, from the launch to the last one's start. (The harness made the runs last, "
    "longer at higher levels so that all overlap: the rate at which they end is its own.)"
)
_FAR = 10.0
"""A peak so many times beyond what was measured is none to speak of."""
_STEPS = 60
_ENDED = "Runs ended per second, from the first one's start to the last one's end."


def throughput_picture(cell: CellRecord, bursts: pd.DataFrame, scenario: ScenarioRecord) -> Picture | None:
    """Runs per second against the level."""
    found = throughput(bursts, cell, scenario)
    if found is None:
        return None
    means = found.points.groupby("level")["per_second"].mean()
    what, column = (_STARTED, "launch_span_seconds") if found.started else (_ENDED, "exec_window_seconds")
    return Picture(
        name="throughput",
        title="Throughput",
        text=f"{what} Highest on average at {means.idxmax()} at once: {means.max():.2f} per second; the line "
        f"joins the means of the levels. {_told(found)}{_law(found)}",
        source=f"bursts.parquet: runs_succeeded + runs_failed, {column}; {len(found.points)} bursts",
        chart=_chart(found),
    )


def _told(found: Throughput) -> str:
    if found.plateau.empty:
        return f"No plateau is marked: {found.why_none}."
    one = found.plateau.to_dict("records")[0]
    return (
        f"From {one['from_level']:g} at once on it stays at {one['per_second']:.2f} [{one['low']:.2f}, "
        f"{one['high']:.2f}] per second (mean of {one['bursts']} bursts): no higher level gets more than a "
        "tenth more done, by the whole 95 % interval of each ratio."
    )


def _law(found: Throughput) -> str:
    """What the universal scalability law says of the points."""
    if (law := found.law) is None:
        return ""
    highest, measured = law.peak_level, float(found.points["level"].max())
    if law.coherency.low <= 0:
        peak = "whether the rate has a peak is open"
    elif highest > measured * _FAR:
        peak = f"no peak below {_FAR:g} times the highest level measured"
    else:
        peak = f"a peak at {highest:.0f} at once"
    parts = (
        f"{name} {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
        for name, one in (("contention", law.contention), ("coherency", law.coherency))
    )
    return f" Dashed, the universal scalability law as it fits: {', '.join(parts)}, {peak}."


def _law_layer(found: Throughput, title: str) -> alt.Chart | None:
    if found.law is None:
        return None
    levels = np.linspace(float(found.points["level"].min()), float(found.points["level"].max()), _STEPS)
    line = pd.DataFrame({"level": levels, "per_second": found.law.rate(levels)})
    drawn: alt.Chart = (
        alt.Chart(rounded(line))
        .mark_line(color=GREY, strokeDash=[4, 4])
        .encode(x=counting("level", "launched at once"), y=alt.Y("per_second:Q", title=title))
    )
    return drawn


def _chart(found: Throughput) -> alt.TopLevelMixin:
    title = f"runs {'started' if found.started else 'ended'} per second"
    x = counting("level", "launched at once")
    base = alt.Chart(rounded(found.points))
    layers = [
        base.mark_line(color=GREY).encode(x=x, y=alt.Y("mean(per_second):Q", title=title)),
        base.mark_point(filled=True, color=BLUE, opacity=0.8).encode(
            x=x,
            y=alt.Y("per_second:Q", title=title),
            tooltip=[
                alt.Tooltip("level:Q"),
                alt.Tooltip("per_second:Q", format=".3f"),
                alt.Tooltip("burst:N"),
            ],
        ),
    ]
    if (law := _law_layer(found, title)) is not None:
        layers.append(law)
    if len(found.plateau):
        rate = float(found.plateau["per_second"].iloc[0])
        lies = alt.Chart(rounded(found.plateau.assign(what=f"plateau {rate:.2f} per second"))).encode(
            x=counting("from_level", "launched at once"), y=alt.Y("per_second:Q", title=title)
        )
        layers += [
            lies.mark_rule(color=GREEN, strokeWidth=3).encode(x2=alt.X2("to_level:Q")),
            lies.mark_text(align="left", baseline="top", dy=6).encode(text=alt.Text("what:N")),
        ]
    return alt.layer(*layers).properties(width="container", height=240)

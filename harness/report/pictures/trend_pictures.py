"""A constant over time, the versions as colours, and where it stepped to another level."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from harness.report.pictures.picture import Picture, rounded, slug
from harness.report.pictures.versions import in_unit, spoken
from harness.report.text import quantity
from harness.results.trend_document import SeriesRecord
from harness.views.trend_points import points_of, steps_of
from harness.views.units import in_shown_unit

HEIGHT = 230


def series_picture(series: Sequence[SeriesRecord], number: int) -> Picture:
    """One constant of one workload, in all its versions.

    Args:
        series: that differ by their version only, at least one.
        number: of the picture on the page.
    """
    first, points, steps = series[0], points_of(series), steps_of(series)
    return Picture(
        name=f"trend-{number}-{slug(first.constant)}",
        title=f"{first.workload}: {spoken(first.constant)}",
        text="; ".join(map(_told, series)) + ".",
        source=f"the trend's files: points, {first.constant} of {first.workload} ({_results(len(points))})",
        chart=_chart(rounded(points), rounded(steps), in_unit(first.constant, in_shown_unit(first.unit)[1])),
    )


def _told(one: SeriesRecord) -> str:
    steps = [
        f"stepped {step.ratio - 1:+.0%} on {step.at[:10]}, from {quantity(step.before, one.unit)} to "
        f"{quantity(step.after, one.unit)}"
        for step in one.steps
    ]
    few = len(one.values) < one.least
    without = f"too few for steps, {one.least} are needed" if few else "no step"
    low, high = quantity(min(one.values), one.unit), quantity(max(one.values), one.unit)
    return (
        f"{one.dagster_version}: {_results(len(one.values))} from {low} to {high}, latest "
        f"{quantity(one.values[-1], one.unit)}; {', '.join(steps) or without}"
    )


def _results(count: int) -> str:
    return f"{count} result" if count == 1 else f"{count} results"


def _chart(points: pd.DataFrame, steps: pd.DataFrame, title: str) -> alt.TopLevelMixin:
    versions = list(dict.fromkeys(points["version"]))
    of_versions, legend = alt.Scale(domain=versions), alt.Legend(title=None, columns=3)
    colour = alt.Color("version:N", scale=of_versions, legend=legend)
    scale = alt.Scale(zero=False)

    def x(column: str) -> alt.X:
        axis = alt.Axis(format="%Y-%m-%d", labelOverlap=True, tickCount=4)
        return alt.X(f"{column}:T", title="begin of the result (UTC)", scale=alt.Scale(type="utc"), axis=axis)

    y = alt.Y("value:Q", title=title, scale=scale)
    base = alt.Chart(points)
    lines = base.mark_line(strokeWidth=1, opacity=0.5).encode(x=x("at"), y=y, color=colour)
    dots = base.mark_point(size=30, opacity=0.9).encode(
        x=x("at"),
        y=y,
        color=colour,
        shape=alt.Shape("version:N", scale=of_versions, legend=legend),
        tooltip=[
            alt.Tooltip("version:N"),
            alt.Tooltip("at:N", title="begin"),
            alt.Tooltip("value:Q", title=title, format=",.4~r"),
            alt.Tooltip("result:Q", title="result of its series"),
        ],
    )
    if steps.empty:
        return alt.layer(lines, dots).properties(width="container", height=HEIGHT)
    level = alt.Y("after:Q", title=title, scale=scale)
    tooltip = [
        alt.Tooltip("version:N"),
        alt.Tooltip("at:N", title="stepped at"),
        alt.Tooltip("before:Q", format=",.4~r"),
        alt.Tooltip("after:Q", format=",.4~r"),
        alt.Tooltip("change:Q", format="+.1%"),
    ]
    of_steps = alt.Chart(steps)
    levels = of_steps.mark_rule(strokeWidth=3).encode(x=x("at"), x2=alt.X2("until:T"), y=level, color=colour)
    rises = of_steps.mark_rule(strokeDash=[4, 3], strokeWidth=2).encode(
        x=x("at"),
        y=alt.Y("before:Q", title=title, scale=scale),
        y2=alt.Y2("after:Q"),
        color=colour,
        tooltip=tooltip,
    )
    told = of_steps.mark_text(align="right", dx=-6, fontWeight="bold").encode(
        x=x("at"), y=alt.Y("middle:Q", title=title, scale=scale), text=alt.Text("told:N"), tooltip=tooltip
    )
    return alt.layer(lines, dots, levels, rises, told).properties(width="container", height=HEIGHT)

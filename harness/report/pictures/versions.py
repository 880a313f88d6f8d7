"""Constants by version: a small picture for each constant of each workload."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from harness.report.pictures.picture import Picture, rounded, slug
from harness.report.pictures.theme import BLUE, GREEN, GREY, ORANGE, RED
from harness.report.text import quantity
from harness.results.comparison_document import ComparisonDocument
from harness.views.compared import BASELINE, constant_of_versions

HEIGHT = 190
VERDICTS = {
    BASELINE: (BLUE, "square"),
    "regressed": (RED, "triangle-up"),
    "improved": (GREEN, "triangle-down"),
    "no change": (GREY, "circle"),
    "inconclusive": (ORANGE, "diamond"),
}
"""Colour and shape of each."""


def spoken(constant: str) -> str:
    """A constant's name in words: `memory per run`, `CPU seconds per run`."""
    return constant.removesuffix("_bytes").replace("_", " ").replace("cpu", "CPU")


def in_unit(constant: str, unit: str) -> str:
    """A constant's name as the title of an axis: `memory per run (MiB)`."""
    words = spoken(constant).replace(" seconds", "").replace(" cores", "")
    return words if unit in words else f"{words} ({unit})"


def verdict_colour(legend: alt.Legend | None = None) -> alt.Color:
    """Colours of verdicts."""
    colours = [colour for colour, _ in VERDICTS.values()]
    return alt.Color("verdict:N", scale=alt.Scale(domain=list(VERDICTS), range=colours), legend=legend)


def verdict_shape(legend: alt.Legend | None = None) -> alt.Shape:
    """Shapes of verdicts."""
    shapes = [shape for _, shape in VERDICTS.values()]
    return alt.Shape("verdict:N", scale=alt.Scale(domain=list(VERDICTS), range=shapes), legend=legend)


def version_pictures(comparison: ComparisonDocument, workload: str, number: int) -> tuple[Picture, ...]:
    """A picture for each constant of a workload that any version has.

    Args:
        comparison: that it is of.
        workload: of the comparison.
        number: of the workload on the page; tells names apart that are spelled nearly alike.
    """
    names = dict.fromkeys(one.constant for one in comparison.differences if one.workload == workload)
    found = {name: constant_of_versions(comparison, workload, name) for name in names}
    return tuple(
        Picture(
            name=f"versions-{number}-{slug(name)}",
            title=f"{workload}: {spoken(name)}",
            text="; ".join(_told(row, comparison.behind) for row in frame.to_dict("records")) + ".",
            source=f"comparison.json: differences, {name} of {workload} ({len(frame)} versions); fitted to "
            f"{'scrapes.parquet' if comparison.observed else 'bursts.parquet'} of each result",
            chart=_chart(rounded(frame), name),
        )
        for name, frame in found.items()
        if len(frame)
    )


def _told(row: dict[Any, Any], behind: str) -> str:
    value, low, high = (quantity(row[end], row["unit"]) for end in ("value", "low", "high"))
    verdict = "" if row["verdict"] == BASELINE else f", {row['verdict']}"
    return f"{row['version']}: {value} ({low} to {high}, {row['bursts']} {behind}){verdict}"


def _chart(frame: pd.DataFrame, constant: str) -> alt.TopLevelMixin:
    unit = str(frame["unit"].iloc[0])
    base = alt.Chart(frame)
    labels = alt.Axis(labelAngle=-30, labelLimit=140, labelOverlap=False)
    x = alt.X("version:N", sort=list(frame["version"]), title=None, axis=labels)
    scale = alt.Scale(zero=False)
    tooltip = [
        alt.Tooltip("version:N"),
        alt.Tooltip("value:Q", title=in_unit(constant, unit), format=",.4~r"),
        alt.Tooltip("low:Q", title="95 % interval from", format=",.4~r"),
        alt.Tooltip("high:Q", title="to", format=",.4~r"),
        alt.Tooltip("bursts:Q"),
        alt.Tooltip("verdict:N"),
    ]

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title=in_unit(constant, unit), scale=scale)

    allowed = base.transform_filter(alt.datum.verdict == BASELINE).mark_rect(color=GREY, opacity=0.18)
    spread = base.mark_rule(strokeWidth=2).encode(
        x=x, y=y("low"), y2=alt.Y2("high:Q"), color=verdict_colour()
    )
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=x, y=y("value"), color=verdict_colour(), shape=verdict_shape(), tooltip=tooltip
    )
    return alt.layer(allowed.encode(y=y("least"), y2=alt.Y2("most:Q")), spread, points).properties(
        width="container", height=HEIGHT
    )

"""The ratio of each constant to the baseline's, with its interval: a forest plot of one workload."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.theme import GREY
from harness.report.pictures.versions import spoken, verdict_colour, verdict_shape
from harness.results.comparison_document import CHANGES, ComparisonDocument
from harness.views.compared import ratios_of

STEP = 22


def ratio_pictures(comparison: ComparisonDocument) -> tuple[Picture, ...]:
    """One for each workload that has any ratio."""
    workloads = dict.fromkeys(one.workload for one in comparison.differences)
    found = (ratio_picture(comparison, workload, number) for number, workload in enumerate(workloads, 1))
    return tuple(one for one in found if one is not None)


def ratio_picture(comparison: ComparisonDocument, workload: str, number: int) -> Picture | None:
    """All ratios of a workload; None where there is none.

    Args:
        comparison: that it is of.
        workload: of the comparison.
        number: of the workload on the page.
    """
    frame = ratios_of(comparison, workload)
    if frame.empty:
        return None
    several = len(comparison.others) > 1
    labels = [
        f"{spoken(name)}, {version}" if several else spoken(name)
        for name, version in zip(frame["constant"], frame["version"], strict=True)
    ]
    shown = frame.assign(label=labels)
    return Picture(
        name=f"ratios-{number}",
        title=f"{workload}: ratio to {comparison.baseline.label}",
        text=_text(shown),
        source=f"comparison.json: differences, ratio, threshold and negligible of {workload} ({len(frame)} "
        "ratios)",
        chart=_chart(rounded(_with_grey(shown))),
    )


def _with_grey(frame: pd.DataFrame) -> pd.DataFrame:
    """What is nearly nothing may become many times as much, but the axis is for the ratios."""
    return frame.assign(
        grey_from=frame["least"].clip(lower=min(frame["low"].min(), frame["least"].max())),
        grey_to=frame["most"].clip(upper=max(frame["high"].max(), frame["most"].min())),
    )


def _text(frame: pd.DataFrame) -> str:
    """What changed, with its numbers, and how many did not: the page has a table of all."""
    changed = [
        f"{one['label']}: {one['ratio']:.3f} ({one['low']:.3f} to {one['high']:.3f}), {one['verdict']}"
        for one in frame.to_dict("records")
        if one["verdict"] in CHANGES
    ]
    counts = frame["verdict"].value_counts()
    rest = [f"{counts[verdict]} {verdict}" for verdict in ("no change", "inconclusive") if verdict in counts]
    return f"More than 1 is costlier. {'; '.join([*changed, *rest])}."


def _chart(frame: pd.DataFrame) -> alt.TopLevelMixin:
    base = alt.Chart(frame)
    y = alt.Y("label:N", sort=list(frame["label"]), title=None, axis=alt.Axis(labelLimit=230))
    # One column: two would be cut off on a telephone, as the legend begins beside the labels.
    legend = alt.Legend(title=None, columns=1, values=list(dict.fromkeys(frame["verdict"])))

    def x(column: str) -> alt.X:
        scale = alt.Scale(type="log", nice=False, padding=12)
        return alt.X(f"{column}:Q", title="ratio to the baseline (log)", scale=scale)

    tooltip = [
        alt.Tooltip("constant:N"),
        alt.Tooltip("version:N"),
        alt.Tooltip("ratio:Q", format=".3f"),
        alt.Tooltip("low:Q", title="95 % interval from", format=".3f"),
        alt.Tooltip("high:Q", title="to", format=".3f"),
        alt.Tooltip("bursts:Q"),
        alt.Tooltip("least:Q", title="none that matters from", format=".3f"),
        alt.Tooltip("most:Q", title="to", format=".3f"),
        alt.Tooltip("verdict:N"),
    ]
    allowed = base.mark_bar(color=GREY, opacity=0.22, height=STEP - 4).encode(
        x=x("grey_from"), x2=alt.X2("grey_to:Q"), y=y
    )
    same = alt.Chart(alt.InlineData([{"same": 1}])).mark_rule(strokeWidth=1.5).encode(x=x("same"))
    spread = base.mark_rule(strokeWidth=2).encode(
        x=x("low"), x2=alt.X2("high:Q"), y=y, color=verdict_colour(legend)
    )
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=x("ratio"), y=y, color=verdict_colour(legend), shape=verdict_shape(legend), tooltip=tooltip
    )
    return alt.layer(allowed, same, spread, points).properties(width="container", height=len(frame) * STEP)

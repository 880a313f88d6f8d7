"""An observed deployment: memory as read and as predicted over time, what is left, and by live runs."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.marks import DASHES, NEAR, counting
from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.theme import BLUE, GREY, ORANGE, RED
from harness.results.observed_record import ObservedRecord
from harness.views import observed as views
from harness.views.units import MIB

_TIME = alt.X("at:T", title="time (UTC)", scale=alt.Scale(type="utc"))
_SOURCE = "predicted.parquet: at_epoch_seconds"


def observed_pictures(observed: ObservedRecord, predicted: pd.DataFrame) -> tuple[Picture, ...]:
    """All of them; none where nothing could be fitted, or the table is not in the folder."""
    if predicted.empty:
        return ()
    by_age = _by_age(observed)
    return (
        _memory(observed, predicted),
        _residuals(observed, predicted),
        _by_live_runs(predicted),
        *(() if by_age is None else (by_age,)),
    )


def _memory(observed: ObservedRecord, predicted: pd.DataFrame) -> Picture:
    frame = rounded(views.memory(predicted))
    peak = float(frame.loc[frame["line"] == views.SEEN, "memory_mib"].max())
    highest = float(frame.loc[frame["line"] == views.PREDICTED, "memory_mib"].max())
    order = [views.SEEN, views.PREDICTED]
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=1)
        .encode(
            x=_TIME,
            y=alt.Y("memory_mib:Q", title="working set (MiB)", scale=alt.Scale(zero=True)),
            color=alt.Color(
                "line:N",
                sort=order,
                scale=alt.Scale(domain=order, range=[BLUE, ORANGE]),
                legend=alt.Legend(title=None),
            ),
            detail="instance:N",
            tooltip=[
                alt.Tooltip("at:T", title="time", format="%Y-%m-%d %H:%M:%S"),
                alt.Tooltip("line:N"),
                alt.Tooltip("memory_mib:Q", title="MiB", format=",.1f"),
                alt.Tooltip("live_runs:Q", title="live runs", format=".3~g"),
                alt.Tooltip("instance:N", title="server"),
            ],
        )
    )
    limits = views.limits(observed)
    near = len(limits) > 0 and peak >= NEAR * float(limits["memory_mib"].min())
    layers: list[alt.Chart] = [lines]
    if near:
        layers.append(
            alt.Chart(limits)
            .mark_rule(strokeDash=DASHES, color=RED)
            .encode(x="from_at:T", x2="to_at:T", y=alt.Y("memory_mib:Q"))
        )
    told = " Dashed: the limit of memory." if near else ""
    if len(limits) and not near:
        told = f" The limit of {limits['memory_mib'].iloc[-1]:,.0f} MiB is far above, and not drawn."
    return Picture(
        name="memory-seen-and-predicted",
        title="Memory, as it was read and as the live runs predict",
        text=f"{len(predicted):,} readings. At most {peak:,.0f} MiB were read; the live runs predict at most "
        f"{highest:,.0f} MiB.{told}",
        source=f"{_SOURCE}, working_set_bytes, predicted_bytes; "
        f"{len(frame):,} of {2 * len(predicted):,} points",
        chart=alt.layer(*layers).properties(width="container", height=300),
    )


def _residuals(observed: ObservedRecord, predicted: pd.DataFrame) -> Picture:
    frame = rounded(views.residuals(predicted))
    left = None if observed.fitted is None else observed.fitted.residuals
    told = (
        ""
        if left is None
        else f" 5 % of readings are more than {left.p95 / MIB:,.0f} MiB above what is predicted, and 5 % "
        f"more than {-left.p5 / MIB:,.0f} MiB below."
    )
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, size=8, opacity=0.6, color=BLUE)
        .encode(
            x=_TIME,
            y=alt.Y("memory_mib:Q", title="read less predicted (MiB)"),
            tooltip=[
                alt.Tooltip("at:T", title="time", format="%Y-%m-%d %H:%M:%S"),
                alt.Tooltip("memory_mib:Q", title="MiB", format=",.1f"),
                alt.Tooltip("live_runs:Q", title="live runs", format=".3~g"),
            ],
        )
    )
    zero = alt.Chart(pd.DataFrame({"memory_mib": [0.0]})).mark_rule(color=GREY).encode(y="memory_mib:Q")
    return Picture(
        name="memory-left-over",
        title="What the live runs do not explain",
        text=f"Memory that was read, less what the live runs predict, over time.{told} What stays on one "
        "side for hours is not of single runs: caches, another version of the code, or what no history has.",
        source=f"{_SOURCE}, working_set_bytes - predicted_bytes; {len(frame):,} of {len(predicted):,} points",
        chart=alt.layer(zero, points).properties(width="container", height=200),
    )


def _by_live_runs(predicted: pd.DataFrame) -> Picture:
    frame = rounded(views.by_live_runs(predicted))
    x = counting("live_runs", "runs that were live")
    tooltips = [
        alt.Tooltip("live_runs:Q", title="live runs"),
        alt.Tooltip("readings:Q", format=","),
        alt.Tooltip("middle:Q", title="median (MiB)", format=",.1f"),
        alt.Tooltip("high:Q", title="95 % (MiB)", format=",.1f"),
        alt.Tooltip("highest:Q", title="highest (MiB)", format=",.1f"),
        alt.Tooltip("predicted:Q", title="predicted (MiB)", format=",.1f"),
    ]
    base = alt.Chart(frame).encode(x=x, tooltip=tooltips)
    y = alt.Y("low:Q", title="working set (MiB)", scale=alt.Scale(zero=True))
    layers = [
        base.mark_rule(color=BLUE, strokeWidth=3, opacity=0.5).encode(y=y, y2="high:Q"),
        base.mark_point(filled=True, color=BLUE, size=60).encode(y="middle:Q"),
        base.mark_point(shape="cross", color=BLUE).encode(y="highest:Q"),
        base.mark_line(color=ORANGE).encode(y="predicted:Q"),
    ]
    most = frame.iloc[-1]
    return Picture(
        name="memory-by-live-runs",
        title="Memory by the number of live runs",
        text="Bars: 5 to 95 % of the readings; dots: the median; crosses: the highest; the line: mean of "
        f"what is predicted. At most {most['live_runs']:.0f} runs were live, in {most['readings']:.0f} "
        f"readings of up to {most['highest']:,.0f} MiB.",
        source="predicted.parquet: live_runs, working_set_bytes, predicted_bytes; "
        f"{len(predicted):,} readings",
        chart=alt.layer(*layers).properties(width="container", height=260),
    )


def _by_age(observed: ObservedRecord) -> Picture | None:
    frame = rounded(views.ages(observed))
    if frame.empty:
        return None
    tooltips = [
        alt.Tooltip("job:N"),
        alt.Tooltip("from_seconds:Q", title="from (s)", format=",.0f"),
        alt.Tooltip("to_seconds:Q", title="to (s)", format=",.0f"),
        alt.Tooltip("value:Q", title="MiB", format=",.1f"),
        alt.Tooltip("low:Q", format=",.1f"),
        alt.Tooltip("high:Q", format=",.1f"),
    ]
    base = alt.Chart(frame).encode(
        x=alt.X("from_seconds:Q", title="age of a run (s)"),
        x2="to_seconds:Q",
        color=alt.Color("job:N", legend=alt.Legend(title=None)),
        tooltip=tooltips,
    )
    y = alt.Y("low:Q", title="memory of one run (MiB)")
    chart = alt.layer(
        base.mark_rect(opacity=0.2).encode(y=y, y2="high:Q"),
        base.mark_rule(strokeWidth=2).encode(y="value:Q"),
    )
    dear = frame[frame["dearest"]]
    told = "".join(
        f" A run of {one['job']} holds most from {one['from_seconds']:.0f} to {one['to_seconds']:.0f} s, "
        f"{one['value']:,.0f} MiB ({one['low']:,.0f} to {one['high']:,.0f})."
        for one in dear.to_dict("records")
    )
    return Picture(
        name="memory-by-age",
        title="What a run holds by its age",
        text="Lines: what a run holds at an age, since it began to run; bands: its 95 % interval."
        + (told or " At no age does a run hold clearly more than on average."),
        source=f"result.json: observed.fitted.ages; {len(frame)} ages",
        chart=chart.properties(width="container", height=220),
    )

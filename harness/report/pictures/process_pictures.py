"""The processes of a code server over time: whose memory it is, and how many of them and of their threads."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.over_time import BANDS, BANDS_SOURCE, RIGHT, TIME, bands, source
from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.theme import BLUE, ORANGE
from harness.views import processes as views

NO_PSS = (
    "PSS is missing: this kernel does not tell it, or not to the user who measured, or reading it would have "
    "taken too much CPU."
)
_INSTEAD = {
    "uss_bytes": "USS leaves out what processes share.",
    "rss_bytes": "RSS counts what they share for each of them, so that it is too much.",
}


def roles_picture(processes: pd.DataFrame, bursts: pd.DataFrame, start: float) -> Picture | None:
    """Memory by role of the process: sums of PSS, or of what there is in its place."""
    column = views.measure_of(processes)
    if column is None:
        return None
    frame = rounded(views.roles(processes, start, column))
    measure = views.MEASURES[column]
    areas = (
        alt.Chart(frame)
        .mark_area()
        .encode(
            x=TIME,
            y=alt.Y("above_mib:Q", title=f"sum of {measure} (MiB)"),
            y2=alt.Y2("below_mib:Q"),
            color=alt.Color("role:N", title="process", sort=list(views.ROLES)),
            detail=alt.Detail("burst:N"),
            tooltip=[
                alt.Tooltip("seconds:Q", title="time (s)", format=".1f"),
                alt.Tooltip("role:N"),
                alt.Tooltip("memory_mib:Q", title=f"sum of {measure} (MiB)", format=",.1f"),
            ],
        )
    )
    peaks = frame.groupby("role", sort=False)["memory_mib"].max()
    told = ", ".join(f"{role} {value:,.0f} MiB" for role, value in peaks.items())
    instead = f" {NO_PSS} {_INSTEAD[column]}" if column in _INSTEAD else ""
    return Picture(
        name="roles",
        title="Memory by role",
        text="Whose memory it is: the server itself, its runs, their steps and helper processes, in "
        f"{measure}. Most at once: {told}.{instead} {BANDS}",
        source=f"processes.parquet: role, {column}, summed by role; {len(processes):,} rows{BANDS_SOURCE}",
        chart=alt.layer(*bands(bursts, start), areas).properties(width="container", height=240),
    )


def counts_picture(processes: pd.DataFrame, bursts: pd.DataFrame, start: float) -> Picture | None:
    """Threads (left) and processes (right) of the whole code server over time."""
    frame = rounded(views.counts(processes, start))
    if frame.empty:
        return None
    names, legend = ["threads", "processes"], alt.Legend(title=None, symbolType="stroke")
    base = (
        alt.Chart(frame)
        .mark_line(interpolate="step-after")
        .encode(
            x=TIME,
            color=alt.Color("what:N", scale=alt.Scale(domain=names, range=[BLUE, ORANGE]), legend=legend),
            strokeDash=alt.StrokeDash(
                "what:N", scale=alt.Scale(domain=names, range=[[1, 0], [4, 2]]), legend=legend
            ),
            detail=alt.Detail("line:N"),
            tooltip=[
                alt.Tooltip("seconds:Q", title="time (s)", format=".1f"),
                alt.Tooltip("what:N"),
                alt.Tooltip("number:Q", format=",.0f"),
            ],
        )
    )
    threads = base.transform_filter(alt.datum.what == "threads").encode(
        y=alt.Y("number:Q", title="threads", axis=alt.Axis(tickMinStep=1))
    )
    of_processes = base.transform_filter(alt.datum.what == "processes").encode(
        y=alt.Y("number:Q", title="processes (dashed)", axis=RIGHT)
    )
    most = frame.groupby("what", sort=False)["number"].max()
    told = " and ".join(f"{value:,.0f} {what}" for what, value in most.items())
    chart = alt.layer(alt.layer(*bands(bursts, start), threads), of_processes).resolve_scale(y="independent")
    return Picture(
        name="population",
        title="Threads and processes over time",
        text=f"Of the whole code server with its runs, helpers included; at most {told}. {BANDS}",
        source=source("processes.parquet", "threads, status, counted by reading", processes, frame)
        + BANDS_SOURCE,
        chart=chart.properties(width="container", height=240),
    )

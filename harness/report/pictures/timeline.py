"""A cell over time: memory with its bursts, runs in progress, roles, CPU and throttling."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from harness.report.pictures.marks import DASHES, limit_layers
from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.theme import BLUE, GREY, ORANGE, RED
from harness.report.text import MIB
from harness.results.document import CellRecord
from harness.views import timeline

_NEAR = 0.5
"""A limit is drawn where the peak comes to so much of it; else it would press the line flat."""
_TIME = alt.X("seconds:Q", title="time (s)")
_RIGHT = alt.Axis(orient="right", grid=False, tickMinStep=1)
_RIGHT_SHARE = alt.Axis(orient="right", grid=False, format="%")


def memory_picture(
    cell: CellRecord, samples: pd.DataFrame, bursts: pd.DataFrame, runs: pd.DataFrame
) -> Picture | None:
    """Memory over time with bursts, limit and OOM kills; the runs in progress behind it."""
    if samples.empty:
        return None
    start = timeline.start_of(samples)
    lines = rounded(timeline.memory(samples, start))
    peak, limit = float(lines["memory_mib"].max()), cell.memory_bytes / MIB
    kills = rounded(timeline.oom_kills(samples, cell, start))
    line = (
        alt.Chart(lines)
        .mark_line()
        .encode(
            x=_TIME,
            y=alt.Y("memory_mib:Q", title="memory (MiB)", scale=alt.Scale(zero=True)),
            color=_colour(lines),
            detail=["line:N", "replica:N"],
            tooltip=[
                alt.Tooltip("seconds:Q", title="time (s)", format=".1f"),
                alt.Tooltip("memory_mib:Q", title="without cache (MiB)", format=",.1f"),
                alt.Tooltip("with_cache_mib:Q", title="with cache (MiB)", format=",.1f"),
                alt.Tooltip("burst:N"),
                alt.Tooltip("replica:N", title="code server"),
            ],
        )
    )
    layers = [*_bands(bursts, start), line]
    near = peak >= _NEAR * limit or len(kills) > 0
    if near:
        at = pd.DataFrame({"memory_mib": [limit], "what": [f"limit {limit:,.0f} MiB"]})
        layers += limit_layers(at)
    if len(kills):
        layers.append(
            alt.Chart(kills)
            .mark_point(shape="cross", angle=45, size=140, color=RED, filled=True)
            .encode(
                x="seconds:Q",
                y="memory_mib:Q",
                tooltip=[
                    alt.Tooltip("kills:Q", title="OOM kills"),
                    alt.Tooltip("seconds:Q", title="time (s)"),
                ],
            )
        )
    told = "" if near else f" The limit of {limit:,.0f} MiB is far above, and not drawn."
    told += f" {int(kills['kills'].sum())} OOM kills, marked by crosses." if len(kills) else ""
    steps = rounded(timeline.in_progress(runs, bursts, start)) if len(runs) else runs
    chart: alt.LayerChart | alt.FacetChart = alt.layer(*layers)
    if len(steps):
        behind = (
            alt.Chart(steps)
            .mark_area(interpolate="step-after", color=ORANGE, opacity=0.25)
            .encode(
                x=_TIME,
                y=alt.Y("runs:Q", title="runs up (area)", axis=_RIGHT),
                tooltip=[alt.Tooltip("seconds:Q", title="time (s)"), alt.Tooltip("runs:Q")],
            )
        )
        chart = alt.layer(behind, chart).resolve_scale(y="independent")
    return Picture(
        name="memory",
        title="Memory over time",
        text=f"Memory without page cache over {bursts['burst'].nunique()} bursts (grey bands, fainter for "
        f"warm-up), with the processes of runs behind it. At most {peak:,.0f} MiB.{told}",
        source=_source("samples.parquet", "memory_bytes, usage_bytes, oom_kills", samples, lines)
        + "; runs.parquet: process_started_epoch_seconds, process_exited_epoch_seconds",
        chart=chart.properties(width="container", height=300),
    )


def roles_picture(processes: pd.DataFrame, samples: pd.DataFrame) -> Picture | None:
    """Memory by role of the process."""
    if processes.empty or samples.empty:
        return None
    frame = rounded(timeline.roles(processes, timeline.start_of(samples)))
    if frame.empty:
        return None
    chart = (
        alt.Chart(frame)
        .mark_area()
        .encode(
            x=_TIME,
            y=alt.Y("memory_mib:Q", title="sum of PSS (MiB)", stack=True),
            color=alt.Color("role:N", title="process", sort=list(timeline.ROLES)),
            order=alt.Order("order:Q"),
            detail="burst:N",
            tooltip=[
                alt.Tooltip("seconds:Q", title="time (s)", format=".1f"),
                "role:N",
                alt.Tooltip("memory_mib:Q", title="sum of PSS (MiB)", format=",.1f"),
            ],
        )
        .properties(width="container", height=240)
    )
    peaks = frame.groupby("role", sort=False)["memory_mib"].max()
    told = ", ".join(f"{role} {value:,.0f} MiB" for role, value in peaks.items())
    return Picture(
        name="roles",
        title="Memory by role",
        text=f"Whose memory it is: the server itself, its runs, their steps and helper processes. "
        f"Most at once: {told}.",
        source=f"processes.parquet: role, pss_bytes, summed by role; {len(processes):,} rows",
        chart=chart,
    )


def cpu_picture(cell: CellRecord, samples: pd.DataFrame, bursts: pd.DataFrame) -> Picture | None:
    """CPU over time with its limit; behind it throttling, where there was any."""
    if samples.empty:
        return None
    start = timeline.start_of(samples)
    frame = rounded(timeline.cpu(samples, start))
    if frame.empty:
        return None
    line = (
        alt.Chart(frame)
        .mark_line()
        .encode(
            x=_TIME,
            y=alt.Y("cores:Q", title="CPU (cores)"),
            color=_colour(frame),
            detail=["line:N", "replica:N"],
            tooltip=[
                alt.Tooltip("seconds:Q", title="time (s)", format=".1f"),
                alt.Tooltip("cores:Q", format=".2f"),
                alt.Tooltip("throttled:Q", title="throttled", format=".0%"),
            ],
        )
    )
    at = pd.DataFrame({"cores": [cell.cpus]})
    rule = alt.Chart(at).mark_rule(strokeDash=DASHES, color=RED).encode(y="cores:Q")
    chart: alt.LayerChart | alt.FacetChart = alt.layer(*_bands(bursts, start), line, rule)
    most = float(frame["throttled"].max())
    if most > 0:
        behind = (
            alt.Chart(frame)
            .mark_area(color=ORANGE, opacity=0.35)
            .encode(
                x=_TIME,
                y=alt.Y("throttled:Q", title="periods throttled (area)", axis=_RIGHT_SHARE),
                detail=["line:N", "replica:N"],
            )
        )
        chart = alt.layer(behind, chart).resolve_scale(y="independent")
    told = (
        f"In the worst half second {most:.0%} of the scheduling periods were throttled."
        if most > 0
        else "It was never throttled."
    )
    return Picture(
        name="cpu",
        title="CPU over time",
        text=f"CPU in windows of {timeline.STEP_SECONDS:g} s, at most {frame['cores'].max():.2f} cores; "
        f"dashed: the limit of {cell.cpus:g}. {told}",
        source=_source("samples.parquet", "cpu_seconds, periods, throttled_periods", samples, frame),
        chart=chart.properties(width="container", height=240),
    )


def _colour(frame: pd.DataFrame) -> Any:
    """A colour for each code server, where there are several."""
    several = frame["replica"].nunique() > 1
    return alt.Color("replica:N", title="code server") if several else alt.value(BLUE)


def _bands(bursts: pd.DataFrame, start: float) -> list[alt.Chart]:
    frame = rounded(timeline.bands(bursts, start)) if len(bursts) else bursts
    if frame.empty:
        return []
    return [
        alt.Chart(frame)
        .mark_rect(color=GREY)
        .encode(
            x=alt.X("from_seconds:Q", title="time (s)"),
            x2="to_seconds:Q",
            opacity=alt.condition(alt.datum.phase == "measure", alt.value(0.2), alt.value(0.08)),
            tooltip=["burst:N", alt.Tooltip("level:Q", title="launched at once"), "phase:N"],
        )
    ]


def _source(file: str, columns: str, table: pd.DataFrame, drawn: pd.DataFrame) -> str:
    fewer = f", {len(drawn):,} points drawn, peaks kept" if len(drawn) < len(table) else ""
    return f"{file}: {columns}; {len(table):,} rows{fewer}"

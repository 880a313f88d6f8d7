"""A cell over time: memory with its bursts and runs in progress, CPU and throttling."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.marks import DASHES, NEAR, limit_layers
from harness.report.pictures.over_time import BANDS, BANDS_SOURCE, RIGHT, TIME, bands, by_server, source
from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.theme import ORANGE, RED
from harness.report.text import MIB
from harness.results.result_document import CellRecord
from harness.views import timeline

_RIGHT_SHARE = alt.Axis(orient="right", grid=False, format="%")


def memory_picture(
    cell: CellRecord, samples: pd.DataFrame, bursts: pd.DataFrame, runs: pd.DataFrame
) -> Picture | None:
    """Memory over time with bursts, limit and OOM kills; the runs in progress behind it."""
    if samples.empty:
        return None
    start = timeline.start_of(samples)
    lines = rounded(timeline.memory(samples, start))
    if lines.empty:
        return None
    peak, limit = float(lines["memory_mib"].max()), cell.memory_bytes / MIB
    kills = rounded(timeline.oom_kills(samples, cell, start))
    line = (
        alt.Chart(lines)
        .mark_line()
        .encode(
            x=TIME,
            y=alt.Y("memory_mib:Q", title="memory (MiB)", scale=alt.Scale(zero=True)),
            color=by_server(lines),
            detail=[alt.Detail("line:N"), alt.Detail("replica:N")],
            tooltip=[
                alt.Tooltip("seconds:Q", title="time (s)", format=".1f"),
                alt.Tooltip("memory_mib:Q", title="without cache (MiB)", format=",.1f"),
                alt.Tooltip("with_cache_mib:Q", title="with cache (MiB)", format=",.1f"),
                alt.Tooltip("burst:N"),
                alt.Tooltip("replica:N", title="code server"),
            ],
        )
    )
    layers = [*bands(bursts, start), line]
    near = peak >= NEAR * limit or len(kills) > 0
    if near:
        at = pd.DataFrame({"memory_mib": [limit], "what": [f"limit {limit:,.0f} MiB"]})
        layers += limit_layers(at)
    if len(kills):
        layers.append(
            alt.Chart(kills)
            .mark_point(shape="cross", angle=45, size=140, color=RED, filled=True)
            .encode(
                x=alt.X("seconds:Q"),
                y=alt.Y("memory_mib:Q"),
                tooltip=[
                    alt.Tooltip("kills:Q", title="OOM kills"),
                    alt.Tooltip("seconds:Q", title="time (s)"),
                ],
            )
        )
    told = "" if near else f" The limit of {limit:,.0f} MiB is far above, and not drawn."
    told += "" if cell.replicas == 1 else " The limit is that of each code server."
    told += f" {int(kills['kills'].sum())} OOM kills, marked by crosses." if len(kills) else ""
    steps = rounded(timeline.in_progress(runs, bursts, start)) if len(runs) else runs
    chart: alt.LayerChart | alt.FacetChart = alt.layer(*layers)
    behind = ", with the processes of runs behind it" if len(steps) else ""
    if behind:
        area = (
            alt.Chart(steps)
            .mark_area(interpolate="step-after", color=ORANGE, opacity=0.25)
            .encode(
                x=TIME,
                y=alt.Y("runs:Q", title="runs up (area)", axis=RIGHT),
                tooltip=[alt.Tooltip("seconds:Q", title="time (s)"), alt.Tooltip("runs:Q")],
            )
        )
        chart = alt.layer(area, chart).resolve_scale(y="independent")
    return Picture(
        name="memory",
        title="Memory over time",
        text=f"Memory without page cache over {bursts['burst'].nunique()} bursts{behind}. {BANDS} "
        f"At most {peak:,.0f} MiB.{told}",
        source=source("samples.parquet", "memory_bytes, usage_bytes, oom_kills", samples, lines)
        + ("; runs.parquet: process_started_epoch_seconds, process_exited_epoch_seconds" if behind else "")
        + BANDS_SOURCE,
        chart=chart.properties(width="container", height=300),
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
            x=TIME,
            y=alt.Y("cores:Q", title="CPU (cores)"),
            color=by_server(frame),
            detail=[alt.Detail("line:N"), alt.Detail("replica:N")],
            tooltip=[
                alt.Tooltip("seconds:Q", title="time (s)", format=".1f"),
                alt.Tooltip("cores:Q", format=".2f"),
                alt.Tooltip("throttled:Q", title="throttled", format=".0%"),
            ],
        )
    )
    at = pd.DataFrame({"cores": [cell.cpus]})
    rule = alt.Chart(at).mark_rule(strokeDash=DASHES, color=RED).encode(y=alt.Y("cores:Q"))
    chart: alt.LayerChart | alt.FacetChart = alt.layer(*bands(bursts, start), line, rule)
    most = float(frame["throttled"].max())
    if most > 0:
        behind = (
            alt.Chart(frame)
            .mark_area(color=ORANGE, opacity=0.35)
            .encode(
                x=TIME,
                y=alt.Y("throttled:Q", title="periods throttled (area)", axis=_RIGHT_SHARE),
                detail=[alt.Detail("line:N"), alt.Detail("replica:N")],
            )
        )
        chart = alt.layer(behind, chart).resolve_scale(y="independent")
    if most > 0:
        told = f"In the worst half second {most:.0%} of the scheduling periods were throttled."
    else:
        told = "It was never throttled." if most == 0 else "Throttling was not counted."
    return Picture(
        name="cpu",
        title="CPU over time",
        text=f"CPU in windows of {timeline.STEP_SECONDS:g} s, at most {frame['cores'].max():.2f} cores; "
        f"dashed: the limit of {cell.cpus:g}. {told} {BANDS}",
        source=source("samples.parquet", "cpu_seconds, periods, throttled_periods", samples, frame)
        + BANDS_SOURCE,
        chart=chart.properties(width="container", height=240),
    )

"""Bursts against their level or their runs at once: peaks with the fit, launches, measures, processes."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.marks import NEAR, counting, limit_layers
from harness.report.pictures.picture import Picture, rounded
from harness.report.pictures.process_pictures import NO_PSS
from harness.report.pictures.theme import BLUE, ORANGE, RED
from harness.results.result_document import CellRecord
from harness.views import bursts as views
from harness.views.held_out import HeldOut

_BURSTS = "bursts.parquet"


def peaks_picture(cell: CellRecord, bursts: pd.DataFrame, seed: int) -> Picture | None:
    """Peak memory against runs at once, the fitted line, and where it meets the limit."""
    found = views.peaks(bursts, cell, seed)
    if found is None or found.points.empty:
        return None
    points, line = rounded(found.points), rounded(found.line)
    layers: list[alt.Chart] = []
    x = counting("at_once", "at once (observed)")
    y = alt.Y("memory_mib:Q", title="peak memory (MiB)")
    if len(line):
        layers += [
            alt.Chart(line)
            .mark_area(color=BLUE, opacity=0.18)
            .encode(x=x, y=alt.Y("low:Q", title="peak memory (MiB)"), y2=alt.Y2("high:Q")),
            alt.Chart(line)
            .mark_line(color=BLUE)
            .encode(x=x, y=y, strokeDash=alt.StrokeDash("extrapolated:N", legend=None, sort=[False, True])),
        ]
    layers.append(
        alt.Chart(points)
        .mark_point(filled=True, color=BLUE, opacity=0.8)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("at_once:Q", title="at once"),
                alt.Tooltip("memory_mib:Q", title="peak (MiB)", format=",.1f"),
                alt.Tooltip("level:Q", title="launched"),
                alt.Tooltip("burst:N"),
            ],
        )
    )
    layers += [*_held_out(found.held_out), *_extrapolated(points, line), *_limit(found, points, line)]
    return Picture(
        name="peaks",
        title="Peak memory against runs at once",
        text=f"{len(points)} bursts, up to {points['at_once'].max():g} at once. {_told(found, cell)}",
        source=f"{_BURSTS}: memory_peak_bytes, concurrency_peak (of ticks: tick_concurrency_peak); "
        f"{len(points)} bursts",
        chart=alt.layer(*layers).properties(width="container", height=300),
    )


def _held_out(held: HeldOut | None) -> list[alt.Chart]:
    """The highest level as the others predict it."""
    if held is None:
        return []
    at = pd.DataFrame(
        [{"at_once": held.at_once, "memory_mib": held.predicted, "low": held.low, "high": held.high}]
    )
    base = alt.Chart(rounded(at)).encode(
        x=alt.X("at_once:Q"),
        tooltip=[
            alt.Tooltip("memory_mib:Q", title="predicted from the levels below (MiB)", format=",.1f"),
            alt.Tooltip("low:Q", title="95 % of bursts: from (MiB)", format=",.1f"),
            alt.Tooltip("high:Q", title="to (MiB)", format=",.1f"),
        ],
    )
    return [
        base.mark_rule(color=ORANGE, strokeWidth=3).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q")),
        base.mark_tick(color=ORANGE, thickness=3, width=26, height=3, orient="horizontal").encode(
            y=alt.Y("memory_mib:Q")
        ),
    ]


def _told_held_out(held: HeldOut | None) -> str:
    if held is None:
        return ""
    return (
        f" Orange: {held.at_once:.3g} at once as the levels below predict it, {held.predicted:,.0f} MiB "
        f"[{held.low:,.0f}, {held.high:,.0f}]; it was {held.seen:,.0f} MiB ({held.bursts} bursts), "
        f"{held.off:+.1%}."
    )


def _told(found: views.Peaks, cell: CellRecord) -> str:
    limit = f"the limit of {found.limit_mib:,.0f} MiB"
    if found.line.empty:
        why = "there are too few bursts or levels" if cell.constants else "nothing was fitted to this result"
        share = found.points["memory_mib"].max() / found.limit_mib
        return f"No line, as {why}. They take up to {share:.0%} of {limit}."
    told = "The line is the fit, the band where 95 % of single bursts fall; dashed: not measured."
    told += _told_held_out(found.held_out)
    if found.crossed_at is None:
        return told
    told += f" It meets {limit} at {found.crossed_at:,.1f} at once: "
    told += f"by the fit alone, {int(found.crossed_at):,} fit"
    if found.held_up_to is None:
        return f"{told}."
    return f"{told}; the band meets it at {found.held_up_to:,.1f}."


def _extrapolated(points: pd.DataFrame, line: pd.DataFrame) -> list[alt.Chart]:
    """Where what was measured ends."""
    if line.empty:
        return []
    most = float(points["at_once"].max())
    end = alt.Chart(pd.DataFrame({"at_once": [most], "what": ["not measured →"]})).encode(
        x=alt.X("at_once:Q")
    )
    return [
        end.mark_rule(strokeDash=[2, 3]),
        end.mark_text(align="left", baseline="bottom", dx=5, fontSize=11).encode(
            y=alt.value("height"), text=alt.Text("what:N")
        ),
    ]


def _limit(found: views.Peaks, points: pd.DataFrame, line: pd.DataFrame) -> list[alt.Chart]:
    """The limit, where it is near enough not to press everything flat, and where the line meets it."""
    crossed = found.crossed_at
    meets = crossed is not None and len(line) > 0 and crossed <= float(line["at_once"].max())
    if not meets and float(points["memory_mib"].max()) < NEAR * found.limit_mib:
        return []
    limit = f"limit {found.limit_mib:,.0f} MiB"
    layers = limit_layers(pd.DataFrame({"memory_mib": [found.limit_mib], "what": [limit]}))
    if not meets:
        return layers
    at = pd.DataFrame(
        {"memory_mib": [found.limit_mib], "at_once": [crossed], "what": [f"met at {crossed:,.1f}"]}
    )
    where = alt.Chart(rounded(at)).encode(x=alt.X("at_once:Q"), y=alt.Y("memory_mib:Q"))
    return [
        *layers,
        where.mark_point(color=RED, size=120, filled=False),
        where.mark_text(color=RED, align="right", dx=-10, dy=-12).encode(text=alt.Text("what:N")),
    ]


def launches_picture(
    cell: CellRecord, launched: pd.DataFrame, runs: pd.DataFrame, bursts: pd.DataFrame
) -> Picture | None:
    """How long launches took, by level."""
    frame = views.launches(launched, runs, bursts, cell.cell_id)
    if frame.empty:
        return None
    chart = (
        alt.Chart(rounded(frame))
        .mark_line(point=True)
        .encode(
            x=counting("level", "launched at once"),
            y=alt.Y("seconds:Q", title="since the intended instant (s)"),
            color=alt.Color("what:N", title="until"),
            strokeDash=alt.StrokeDash("quantile:N", title="quantile", sort=["median", "95 %", "slowest"]),
            tooltip=[
                alt.Tooltip("level:Q"),
                alt.Tooltip("what:N"),
                alt.Tooltip("quantile:N"),
                alt.Tooltip("seconds:Q", format=".2f"),
                alt.Tooltip("launches:Q"),
            ],
        )
        .properties(width="container", height=260)
    )
    highest = frame[frame["level"] == frame["level"].max()].set_index(["what", "quantile"])["seconds"]
    told = "; ".join(
        f"{what}: median {highest[what, 'median']:.1f} s, slowest {highest[what, 'slowest']:.1f} s"
        for what in dict.fromkeys(frame["what"])
        if (what, "median") in highest
    )
    launches = frame.loc[frame["quantile"] == "median"].groupby("what")["launches"].sum().max()
    workers = "Dagster's own number of" if cell.grpc_max_workers is None else str(cell.grpc_max_workers)
    return Picture(
        name="launches",
        title="Launch latency",
        text=f"With {workers} gRPC workers; of {frame['level'].max()} launched at once, {told}.",
        source="launches.parquet: intended_epoch_seconds, answered_epoch_seconds; runs.parquet: "
        f"run_start_epoch_seconds; {launches:,} launches",
        chart=chart,
    )


def measures_picture(cell: CellRecord) -> Picture | None:
    """What each way to measure memory says."""
    frame = views.measures(cell)
    if frame.empty:
        return None
    chart = (
        alt.Chart(rounded(frame))
        .mark_line(point=True)
        .encode(
            x=counting("at_once", "at once (mean of the level)"),
            y=alt.Y("memory_mib:Q", title="peak memory (MiB)"),
            color=alt.Color("measure:N", title="measure", sort=list(views.MEASURES.values())),
            tooltip=[
                alt.Tooltip("measure:N"),
                alt.Tooltip("at_once:Q"),
                alt.Tooltip("memory_mib:Q", title="peak (MiB)", format=",.1f"),
            ],
        )
        .properties(width="container", height=260)
    )
    known = [column for column, name in views.MEASURES.items() if name in set(frame["measure"])]
    highest = frame[frame["at_once"] == frame["at_once"].max()]
    told = ", ".join(f"{one.measure} {one.memory_mib:,.0f} MiB" for one in highest.itertuples())
    told += "." if views.MEASURES["pss_peak_bytes"] in set(frame["measure"]) else f". {NO_PSS}"
    return Picture(
        name="measures",
        title="What RSS hides",
        text=f"RSS counts shared pages once for each process, PSS shares them out. At most at once: {told}",
        source=f"{_BURSTS}: {', '.join(known)}; means over the bursts of {len(cell.levels)} levels",
        chart=chart,
    )


def counted_picture(cell: CellRecord, bursts: pd.DataFrame) -> Picture | None:
    """Threads and processes against runs at once."""
    frame = views.counted(bursts, cell.cell_id)
    if frame.empty:
        return None
    chart = (
        alt.Chart(rounded(frame))
        .mark_point(filled=True)
        .encode(
            x=counting("at_once", "at once (observed)"),
            y=alt.Y("peak:Q", title="peak number"),
            color=alt.Color("what:N", title="of"),
            shape=alt.Shape("what:N", title="of"),
            tooltip=[
                alt.Tooltip("what:N"),
                alt.Tooltip("at_once:Q"),
                alt.Tooltip("peak:Q"),
                alt.Tooltip("burst:N"),
            ],
        )
        .properties(width="container", height=220)
    )
    most = frame.groupby("what")["peak"].max()
    told = ", ".join(f"{value:,.0f} {what}" for what, value in most.items())
    return Picture(
        name="counted",
        title="Threads and processes",
        text=f"Of the whole code server with its runs; at most {told}.",
        source=f"{_BURSTS}: threads_peak, processes_peak, concurrency_peak; "
        f"{frame['burst'].nunique()} bursts",
        chart=chart,
    )

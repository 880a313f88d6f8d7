"""What single bursts took in each version: every burst a point, and the median of each level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt
import pandas as pd

from harness.report.pictures.picture import Picture, rounded, slug
from harness.report.text import quantity
from harness.views.compared import medians, together

HEIGHT = 300


@dataclass(frozen=True)
class _Measure:
    column: str
    name: str
    unit: str
    each: str
    """What the bursts were of: `run` or `tick`."""
    raw: str
    """Columns of `bursts.parquet` it is made from."""

    @property
    def axis(self) -> str:
        return f"{self.name} ({self.unit})"


_CPU = "cpu_seconds, idle_cpu_cores, window_seconds"


def distribution_pictures(
    bursts: Mapping[str, pd.DataFrame], workload: str, number: int
) -> tuple[Picture, ...]:
    """Peak memory and CPU of every burst of a workload, by level and version; none without bursts.

    Args:
        bursts: by the label of the version, in the order in which they are shown; see `views.compared`.
        workload: of the comparison.
        number: of the workload on the page.
    """
    frame = together(bursts, workload)
    if frame.empty:
        return ()
    each = frame["each"].iloc[0]
    memory = _Measure("memory_peak_mib", "peak memory", "MiB", each, "memory_peak_bytes")
    cpu = _Measure("cpu_seconds_each", f"CPU per {each}", "s", each, _CPU)
    return tuple(_picture(frame, one, workload, number) for one in (memory, cpu))


def _picture(frame: pd.DataFrame, measure: _Measure, workload: str, number: int) -> Picture:
    shown = frame[frame[measure.column].notna()]
    middle = medians(shown, measure.column)
    told = [
        f"{level} at once in {version}: {quantity(median, measure.unit)} ({count} bursts)"
        for version, level, median, count in middle.itertuples(index=False)
    ]
    return Picture(
        name=f"bursts-{number}-{slug(measure.column)}",
        title=f"{workload}: {measure.name} of every burst",
        text=f"Medians by level and version: {'; '.join(told)}.",
        source=f"bursts.parquet of each result: {measure.raw} by level ({len(shown)} measured bursts)",
        chart=_chart(rounded(shown), rounded(middle), measure),
    )


def _chart(frame: pd.DataFrame, middle: pd.DataFrame, measure: _Measure) -> alt.TopLevelMixin:
    versions = list(dict.fromkeys(frame["version"]))
    x = alt.X("level:O", title=f"{measure.each}s launched at once", axis=alt.Axis(labelAngle=0))
    beside = alt.XOffset("version:N", sort=versions)
    of_versions, legend = alt.Scale(domain=versions), alt.Legend(title=None, columns=3)
    colour = alt.Color("version:N", scale=of_versions, legend=legend)
    shape = alt.Shape("version:N", scale=of_versions, legend=legend)
    y = alt.Y(f"{measure.column}:Q", title=measure.axis, scale=alt.Scale(zero=False))
    number = ",.4~r"
    points = (
        alt.Chart(frame)
        .mark_point(size=34, opacity=0.75)
        .encode(
            x=x,
            xOffset=beside,
            y=y,
            color=colour,
            shape=shape,
            tooltip=[
                alt.Tooltip("version:N"),
                alt.Tooltip("level:O", title="launched at once"),
                alt.Tooltip("concurrency_peak:Q", title="at once, as observed"),
                alt.Tooltip("round:O"),
                alt.Tooltip("burst:O"),
                alt.Tooltip(f"{measure.column}:Q", title=measure.axis, format=number),
            ],
        )
    )
    tick = alt.Chart(middle).mark_tick(thickness=2.5, bandSize=14, orient="horizontal")
    ticks = tick.encode(
        x=x,
        xOffset=beside,
        y=alt.Y("median:Q", title=measure.axis, scale=alt.Scale(zero=False)),
        color=colour,
        tooltip=[
            alt.Tooltip("version:N"),
            alt.Tooltip("level:O", title="launched at once"),
            alt.Tooltip("median:Q", format=number),
            alt.Tooltip("bursts:Q"),
        ],
    )
    return alt.layer(points, ticks).properties(width="container", height=HEIGHT)

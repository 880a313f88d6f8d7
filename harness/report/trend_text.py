"""A trend on the terminal and as Markdown: each constant over time, and where it stepped."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from harness.report.bars import POINTS, sparkline
from harness.report.markdown import markdown_table
from harness.report.table import print_table
from harness.report.text import quantity
from harness.results.trend_document import SeriesRecord

_WIDE = 110
"""Columns of a terminal that has room for `POINTS` results beside all else."""
_NARROW_POINTS = 16
HEADER = ("workload", "constant", "Dagster", "results", "over time", "latest", "steps")


def print_trend(series: Sequence[SeriesRecord], console: Console) -> None:
    """Print a line for each series."""
    points = POINTS if console.width >= _WIDE else _NARROW_POINTS
    print_table(
        console, "", HEADER, rows(series, points), words=("constant", "Dagster", "over time", "steps")
    )
    console.print()
    for line in notes(series):
        console.print(f"- {line}", markup=False, highlight=False, soft_wrap=True)


def render_trend_markdown(series: Sequence[SeriesRecord]) -> str:
    """The same as Markdown."""
    lines = markdown_table((HEADER, tuple(rows(series))))
    return "\n".join([*lines, "", *(f"- {line}" for line in notes(series))]) + "\n"


def rows(series: Sequence[SeriesRecord], points: int = POINTS) -> list[tuple[str, ...]]:
    """A line for each series, as cells under `HEADER`, with so many of the latest results drawn."""
    return [
        (
            one.workload,
            one.constant,
            one.dagster_version,
            str(len(one.values)),
            sparkline(one.values[-points:]),
            quantity(one.values[-1], one.unit),
            "; ".join(f"{step.at[:10]} {step.ratio - 1:+.0%}" for step in one.steps),
        )
        for one in series
    ]


def notes(series: Sequence[SeriesRecord]) -> list[str]:
    """What a reader should know of them."""
    found = []
    for what, names in (
        ("machines", {one.machine for one in series}),
        ("stacks", {one.stack for one in series}),
        ("scenarios", {one.scenario_sha256 for one in series}),
    ):
        if len(names) > 1:
            found.append(f"{len(names)} {what}: each has lines of its own")
    few = sum(len(one.values) < one.least for one in series)
    if few:
        least = series[0].least
        found.append(f"{few} of {len(series)} series have fewer than {least} results: too few to find steps")
    return found

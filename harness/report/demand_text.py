"""A run history on the terminal: how many runs, how long, how many at once, how they arrived."""

from __future__ import annotations

import datetime

from rich.console import Console
from rich.markup import escape

from harness.report.table import print_table
from harness.results.demand_document import DemandDocument, LocationProfile

_RUNS = ("location", "runs", "first (UTC)", "last (UTC)", "per hour", "mean", "median", "95 %")
_AT_ONCE = ("location", "average", "peak", "first at (UTC)", "dispersion", "arrive", "within 2 s")
_WORDS = ("first (UTC)", "last (UTC)", "first at (UTC)", "arrive")
_NOTES = (
    "average: mean seconds / 3600 × runs per hour; peak: most that really were in progress at once",
    "dispersion: variance / mean of the starts per minute: 1 where they come at random, more in bursts or "
    "busy hours, 0 where every minute has as many; within 2 s: most starts so close together",
)
_TOO_FEW = "- too few runs, or too short a time, for this figure"


def print_demand(demand: DemandDocument, console: Console) -> None:
    """Print the figures of every code location."""
    console.print(
        f"\n[bold]runs of {escape(demand.source)}[/bold]: {demand.runs:,}", highlight=False, soft_wrap=True
    )
    for line in demand.amiss:
        console.print(f"- {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    runs, at_once = ([row(one) for one in demand.locations] for row in (_runs_row, _at_once_row))
    console.print()
    print_table(console, "Starts, and how long runs lasted", _RUNS, runs, _WORDS)
    console.print()
    print_table(console, "Runs at once, and how they arrive", _AT_ONCE, at_once, _WORDS)
    notes = list(_NOTES)
    if any("-" in row for row in [*runs, *at_once]):
        notes.append(_TOO_FEW)
    console.print()
    for note in notes:
        console.print(note, style="dim", markup=False, highlight=False, soft_wrap=True)


def _runs_row(one: LocationProfile) -> tuple[str, ...]:
    return (
        _name(one),
        f"{one.runs:,}",
        _clock(one.first_start_epoch_seconds),
        _clock(one.last_start_epoch_seconds),
        _number(one.runs_per_hour),
        _seconds(one.seconds_mean),
        _seconds(one.seconds_median),
        _seconds(one.seconds_95),
    )


def _at_once_row(one: LocationProfile) -> tuple[str, ...]:
    return (
        _name(one),
        _number(one.average),
        str(one.peak),
        _clock(one.peak_at_epoch_seconds),
        _number(one.dispersion),
        one.arrivals or "-",
        str(one.most_starts),
    )


def _name(one: LocationProfile) -> str:
    return one.location or "(none)"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f} s" if value < 10 else f"{value:,.1f} s"


def _clock(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")

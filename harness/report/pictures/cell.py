"""Every picture of a cell: what it needs of the raw tables, and which could not be drawn for want of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from harness.report.pictures.burst_pictures import (
    counted_picture,
    launches_picture,
    measures_picture,
    peaks_picture,
)
from harness.report.pictures.gantt import gantt_picture
from harness.report.pictures.picture import Picture, slug
from harness.report.pictures.ping_pictures import latency_picture, told_picture
from harness.report.pictures.process_pictures import counts_picture, roles_picture
from harness.report.pictures.throughput_pictures import throughput_picture
from harness.report.pictures.tick_pictures import ticks_picture
from harness.report.pictures.timeline_pictures import cpu_picture, memory_picture
from harness.results.result_document import CellRecord, ResultDocument
from harness.views.raw import Needs, Tables, complete, gaps, lacks
from harness.views.timeline import of_cell

_TIMES = {"samples": "at_epoch_seconds", "processes": "at_epoch_seconds", "pings": "sent_epoch_seconds"}


@dataclass(frozen=True)
class _Own:
    """A cell with its own rows of every table."""

    document: ResultDocument
    cell: CellRecord
    tables: Tables

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables.get(table, pd.DataFrame())

    @property
    def start(self) -> float:
        """What all pictures over time count from, so that they can be read one below the other."""
        return next((float(self[name][at].min()) for name, at in _TIMES.items() if len(self[name])), 0.0)


@dataclass(frozen=True)
class _Kind:
    title: str
    """As the picture has it."""
    needs: Needs
    make: Callable[[_Own], Picture | None]
    main: bool = False
    """Whether it is worth a file of its own."""


_KINDS = (
    _Kind(
        "Peak memory against runs at once",
        {"bursts": ("memory_peak_bytes",)},
        lambda own: peaks_picture(own.cell, own["bursts"], own.document.scenario.seed),
        main=True,
    ),
    _Kind(
        "Memory over time",
        {"samples": ("memory_bytes",), "bursts": ()},
        lambda own: memory_picture(own.cell, own["samples"], own["bursts"], own["runs"]),
        main=True,
    ),
    _Kind(
        "Memory by role",
        {"processes": ("role",), "bursts": ()},
        lambda own: roles_picture(own["processes"], own["bursts"], own.start),
    ),
    _Kind("What RSS hides", {"bursts": ("rss_peak_bytes",)}, lambda own: measures_picture(own.cell)),
    _Kind(
        "CPU over time",
        {"samples": ("cpu_seconds",), "bursts": ()},
        lambda own: cpu_picture(own.cell, own["samples"], own["bursts"]),
    ),
    _Kind(
        "Launch latency",
        {"launches": ("intended_epoch_seconds", "answered_epoch_seconds"), "bursts": ()},
        lambda own: launches_picture(own.cell, own["launches"], own["runs"], own["bursts"]),
    ),
    _Kind(
        "Throughput",
        {"bursts": ("runs_succeeded", "runs_failed", "launch_span_seconds", "exec_window_seconds")},
        lambda own: throughput_picture(own.cell, own["bursts"], own.document.scenario),
    ),
    _Kind(
        "Runs by stage",
        {"runs": ("created_epoch_seconds", "starting_epoch_seconds"), "bursts": ()},
        lambda own: gantt_picture(own.cell, own["runs"], own["bursts"]),
    ),
    _Kind(
        "Tick latency",
        {"ticks": ("intended_epoch_seconds", "answered_epoch_seconds", "outcome"), "bursts": ()},
        lambda own: ticks_picture(own.cell, own["ticks"], own["bursts"]),
    ),
    _Kind(
        "Ping latency over time",
        {"pings": ("answered_epoch_seconds",), "bursts": ()},
        lambda own: latency_picture(own["pings"], own["bursts"], own.start),
    ),
    _Kind(
        "What Pings tell, beside the truth",
        {"pings": ("num_running_requests", "requests_in_progress"), "bursts": ()},
        lambda own: told_picture(own.cell, own["pings"], own["bursts"], own.start),
    ),
    _Kind(
        "Threads and processes",
        {"bursts": ("threads_peak", "processes_peak")},
        lambda own: counted_picture(own.cell, own["bursts"]),
    ),
    _Kind(
        "Threads and processes over time",
        {"processes": ("threads",), "bursts": ()},
        lambda own: counts_picture(own["processes"], own["bursts"], own.start),
    ),
)


def cell_pictures(
    document: ResultDocument, cell: CellRecord, tables: Tables, number: int, main_only: bool = False
) -> tuple[Picture, ...]:
    """The pictures of a cell, the main ones first; without those that its tables do not suffice for.

    Args:
        tables: raw tables by name; any may be missing, or lack columns.
        number: of the cell; keeps cells with nearly the same name apart.
    """
    own = _Own(document, cell, {n: of_cell(complete(n, table), cell.cell_id) for n, table in tables.items()})
    if own["bursts"].empty:
        return ()
    kinds = (kind for kind in _KINDS if (kind.main or not main_only) and not lacks(tables, kind.needs))
    made = (kind.make(own) for kind in kinds)
    return tuple(
        replace(one, name=f"c{number}-{slug(cell.cell_id)}-{one.name}", title=f"{one.title}: {cell.workload}")
        for one in made
        if one is not None
    )


def not_drawn(document: ResultDocument, tables: Mapping[str, pd.DataFrame]) -> str:
    """Which pictures are missing for want of tables or columns, in one line; empty where none is."""
    if tables.get("bursts", pd.DataFrame()).empty:
        measured = any(cell.levels or cell.constants for cell in document.cells)
        return "No pictures: bursts.parquet is not in the folder." if measured else ""
    titles: dict[str, list[str]] = {}
    for kind in _KINDS:
        if why := lacks(tables, kind.needs):
            titles.setdefault(why, []).append(kind.title)
    told = "; ".join(f"{', '.join(of_reason)} ({why})" for why, of_reason in titles.items())
    beside = gaps(tables, [kind.needs for kind in _KINDS])
    parts = (
        f"Not drawn: {told}." if told else "",
        f"Missing in what is drawn: {beside}." if beside else "",
        "Large tables may have been left out of the folder, and an older harness wrote fewer columns."
        if told or beside
        else "",
    )
    return " ".join(filter(None, parts))

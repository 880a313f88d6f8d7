"""The levels of a cell as terminal and Markdown show them: with a bar where one tells more than a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.report import text
from harness.report.bars import OF_LIMIT, bars, sparkline, used
from harness.report.text import Table, quantity
from harness.results.result_document import CellRecord

Courses = Mapping[str, Sequence[float]]
"""Memory over time in bytes, by cell, as `harness.views.course` gives it."""
DRAWN = (OF_LIMIT, "")
"""Columns of bars."""


def memory(cell: CellRecord) -> Table:
    """Peak memory by level, and how much of the limit that is.

    Of several code servers it is not told: memory is the sum of all, and a burst may go whole to one.
    """
    table = text.memory_table(cell)
    if cell.replicas > 1:
        return table
    shares = [used(level.memory_peak_bytes, cell.memory_bytes) for level in cell.levels]
    return text.with_column(table, "cgroup, no cache", OF_LIMIT, shares)


def work(cell: CellRecord) -> Table:
    """CPU, times and processes by level, with bars of how late the last run started."""
    late = bars([level.launch_span_seconds for level in cell.levels])
    return _measured(text.with_column(text.work_table(cell), "all started after", "", late))


def replicas(cell: CellRecord) -> Table:
    """What each code server did, and how much of its limit it used."""
    shares = [used(one.memory_peak_bytes, cell.memory_bytes) for one in cell.replica_records]
    return text.with_column(text.replicas_table(cell), "peak memory", OF_LIMIT, shares)


def course(cell: CellRecord, courses: Courses) -> str:
    """Memory from the first burst to the last, in a line; empty where it was not read."""
    found = courses.get(cell.cell_id)
    if not found:
        return ""
    fullest = f", fullest of {cell.replicas} code servers" if cell.replicas > 1 else ""
    return f"memory over time: {sparkline(found, low=0)} 0 to {quantity(max(found), 'bytes')}{fullest}"


def _measured(table: Table) -> Table:
    """Without columns of which nothing was measured."""
    header, rows = table
    kept = [at for at in range(len(header)) if any(row[at] not in ("-", "") for row in rows)]
    return tuple(header[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in rows)

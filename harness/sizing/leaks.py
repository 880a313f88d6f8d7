"""What a leak takes of a server's memory, hour by hour, and how often to restart the server for it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.model.intervals import Estimate
from harness.model.leak_rule import is_leak
from harness.results.result_document import CellRecord, ResultDocument
from harness.results.sizing_document import LEAKED, LeakRecord
from harness.sizing.costs import Costs, estimates_of
from harness.sizing.formulas import Bound, Need, Term

LONGEST_HOURS = 24.0
"""Between restarts, unless told otherwise: a server that needs one is given one each day at least."""
TICKS_PER_HOUR = 120.0
"""Of a sensor, by Dagster's default of one evaluation every 30 seconds."""


@dataclass(frozen=True)
class Leak:
    """What one kind of run, or ticks, leave behind for good."""

    of: str
    """In words: `run of etl`, `tick`."""
    each: Estimate
    """Bytes."""
    kind: int | None
    """Number of the kind of run; None of ticks."""


def leaks_of(document: ResultDocument, costs: Sequence[Costs]) -> tuple[Leak, ...]:
    """Of each kind of run that leaks, and of ticks on the same version: the largest that was measured."""
    runs = [
        Leak(f"run of {one.workload}", each, number)
        for number, one in enumerate(costs)
        for cell in document.cells
        if cell.cell_id == one.cell_id
        for each in _found([cell], "leak_bytes_per_run")
    ]
    versions = {one.dagster_version for one in costs}
    ticks = _found(
        (cell for cell in document.cells if cell.dagster_version in versions), "leak_bytes_per_tick"
    )
    largest = max(ticks, key=lambda each: each.high, default=None)
    return (*runs, *(() if largest is None else (Leak("tick", largest, None),)))


def _found(cells: Iterable[CellRecord], name: str) -> list[Estimate]:
    return [one for one in estimates_of(cells, name) if is_leak(name, one.low)]


def bytes_per_hour(
    leaks: Sequence[Leak], launches_per_second: Sequence[float], ticks_per_hour: float, bound: Bound
) -> float:
    """What all of them leave behind in an hour.

    Args:
        leaks: what leaks.
        launches_per_second: on average, by kind.
        ticks_per_hour: of all sensors and schedules together.
        bound: end of the constants.
    """
    return sum(
        (one.each.high if bound == "high" else one.each.value)
        * (ticks_per_hour if one.kind is None else launches_per_second[one.kind] * 3600)
        for one in leaks
    )


def restart_hours(needed_bytes: float, leaked_per_hour: float, wished: float | None) -> float:
    """Hours between restarts: as wished, else a day, and less where a leak would take more than the server.

    Args:
        needed_bytes: by the server without what leaked.
        leaked_per_hour: bytes, above 0.
        wished: hours that were asked for.
    """
    return wished or min(LONGEST_HOURS, needed_bytes / leaked_per_hour)


def with_leak(need: Need, leaked_per_hour: float, hours: float) -> Need:
    """A need with what leaks until the next restart, as a term of its own."""
    return Need((*need.terms, Term(LEAKED, hours, leaked_per_hour)), need.binds) if leaked_per_hour else need


def leak_record(
    leaks: Sequence[Leak], leaked_per_hour: float, needed_bytes: float, hours: float
) -> LeakRecord | None:
    """What is told of it; None where nothing leaks."""
    if not leaked_per_hour:
        return None
    return LeakRecord(
        bytes_each={one.of: one.each.value for one in leaks},
        bytes_per_hour=leaked_per_hour,
        restart_hours=hours,
        needed_bytes=math.ceil(needed_bytes),
    )

"""What the webserver and the daemon need beside the code server, from what they were measured to cost. Pure.

memory = (base + memory per launch × launches at once + memory of ticks) × (1 + headroom)
cores  = base + CPU-seconds per launch × launches per second, on average or of a burst, whichever is more
       + CPU-seconds per tick × ticks per second
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.model.companion_definitions import COMPANIONS
from harness.model.intervals import Estimate
from harness.results.result_document import CellRecord, ResultDocument
from harness.results.sizing_document import CompanionRecord
from harness.sizing.costs import Costs, estimates_of

NAMES = ("base_memory_bytes", "memory_per_launch_bytes", "base_cpu_cores", "cpu_seconds_per_launch")
"""Their constants, after the name of the companion; a field of `CompanionCosts` each."""
TICKS = ("ticking_memory_bytes", "cpu_seconds_per_tick")
"""Of the daemon alone, which evaluates them; a scenario has to ask for it."""


@dataclass(frozen=True)
class CompanionCosts:
    """The constants of the webserver or the daemon."""

    name: str
    base_memory_bytes: Estimate
    memory_per_launch_bytes: Estimate
    base_cpu_cores: Estimate
    cpu_seconds_per_launch: Estimate
    ticking_memory_bytes: Estimate | None = None
    cpu_seconds_per_tick: Estimate | None = None


def companions_of(document: ResultDocument, costs: Sequence[Costs]) -> tuple[CompanionCosts, ...]:
    """The costs of those that were measured with the runs that are sized, by their costliest cell."""
    ids = {one.cell_id for one in costs}
    cells = [cell for cell in document.cells if cell.cell_id in ids]
    found = []
    for name in COMPANIONS:
        known = {constant: _costliest(cells, f"{name}_{constant}") for constant in NAMES}
        whole = {constant: one for constant, one in known.items() if one is not None}
        if len(whole) == len(NAMES):
            memory, seconds = (_costliest(cells, f"{name}_{constant}") for constant in TICKS)
            found.append(
                CompanionCosts(name=name, **whole, ticking_memory_bytes=memory, cpu_seconds_per_tick=seconds)
            )
    return tuple(found)


def companion_records(
    companions: Iterable[CompanionCosts],
    launches_at_once: int,
    launches_per_second: float,
    ticks_per_second: float,
    start_within_seconds: float,
    headroom: float,
) -> tuple[CompanionRecord, ...]:
    """What each needs, at the upper ends of its constants.

    Args:
        companions: what they cost.
        launches_at_once: the peak that all code servers are sized for together.
        launches_per_second: on average.
        ticks_per_second: of all sensors and schedules, as the daemon evaluates them.
        start_within_seconds: until the last launch of the peak has started.
        headroom: share of memory that is left free.
    """
    rate = max(launches_per_second, launches_at_once / start_within_seconds)
    return tuple(
        CompanionRecord(
            name=one.name,
            memory_bytes=(1 + headroom)
            * (
                one.base_memory_bytes.high
                + launches_at_once * one.memory_per_launch_bytes.high
                + (_above_nothing(one.ticking_memory_bytes) if ticks_per_second else 0.0)
            ),
            cpus=one.base_cpu_cores.high
            + rate * one.cpu_seconds_per_launch.high
            + ticks_per_second * _above_nothing(one.cpu_seconds_per_tick),
            ticks_measured=one.cpu_seconds_per_tick is not None,
        )
        for one in companions
    )


def _above_nothing(estimate: Estimate | None) -> float:
    """The upper end of what was measured; a cost that came out below zero is none."""
    return 0.0 if estimate is None else max(0.0, estimate.high)


def _costliest(cells: Iterable[CellRecord], name: str) -> Estimate | None:
    return max(estimates_of(cells, name), key=lambda each: each.high, default=None)

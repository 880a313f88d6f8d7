"""What the webserver and the daemon need beside the code server, from what they were measured to cost. Pure.

memory = (base + memory per launch × launches at once) × (1 + headroom)
cores  = base + CPU-seconds per launch × launches per second, on average or of a burst, whichever is more
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


@dataclass(frozen=True)
class CompanionCosts:
    """The constants of the webserver or the daemon."""

    name: str
    base_memory_bytes: Estimate
    memory_per_launch_bytes: Estimate
    base_cpu_cores: Estimate
    cpu_seconds_per_launch: Estimate


def companions_of(document: ResultDocument, costs: Sequence[Costs]) -> tuple[CompanionCosts, ...]:
    """The costs of those that were measured with the runs that are sized, by their costliest cell."""
    ids = {one.cell_id for one in costs}
    cells = [cell for cell in document.cells if cell.cell_id in ids]
    found = []
    for name in COMPANIONS:
        known = {constant: _costliest(cells, f"{name}_{constant}") for constant in NAMES}
        whole = {constant: one for constant, one in known.items() if one is not None}
        if len(whole) == len(NAMES):
            found.append(CompanionCosts(name=name, **whole))
    return tuple(found)


def companion_records(
    companions: Iterable[CompanionCosts],
    launches_at_once: int,
    launches_per_second: float,
    start_within_seconds: float,
    headroom: float,
) -> tuple[CompanionRecord, ...]:
    """What each needs, at the upper ends of its constants.

    Args:
        companions: what they cost.
        launches_at_once: the peak that all code servers are sized for together.
        launches_per_second: on average.
        start_within_seconds: until the last launch of the peak has started.
        headroom: share of memory that is left free.
    """
    rate = max(launches_per_second, launches_at_once / start_within_seconds)
    return tuple(
        CompanionRecord(
            name=one.name,
            memory_bytes=(1 + headroom)
            * (one.base_memory_bytes.high + launches_at_once * one.memory_per_launch_bytes.high),
            cpus=one.base_cpu_cores.high + rate * one.cpu_seconds_per_launch.high,
        )
        for one in companions
    )


def _costliest(cells: Iterable[CellRecord], name: str) -> Estimate | None:
    return max(estimates_of(cells, name), key=lambda each: each.high, default=None)

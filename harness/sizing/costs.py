"""What a code server and a run cost, taken from one cell of a result; refusals where it does not say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.errors import InputError, InvalidResultError, ResultError
from harness.model.intervals import Estimate
from harness.results.folder import Columns
from harness.results.result_document import CellRecord, ConstantRecord, ResultDocument

NAMES = (
    "base_memory_bytes",
    "memory_per_run_bytes",
    "base_cpu_cores",
    "cpu_seconds_per_run",
    "launch_seconds_per_run",
)
"""The constants that a size is computed from; a field of `Costs` each."""


@dataclass(frozen=True)
class Costs:
    """The constants that a size is computed from, of one workload on one version."""

    cell_id: str
    workload: str
    dagster_version: str
    base_memory_bytes: Estimate
    memory_per_run_bytes: Estimate
    base_cpu_cores: Estimate
    cpu_seconds_per_run: Estimate
    launch_seconds_per_run: Estimate
    concurrency_measured: float
    """Most runs that were at once in the bursts behind the constants."""
    health_check_memory_bytes: Estimate | None = None
    """Of one health check in the container; None where none was measured."""
    health_check_cores: Estimate | None = None
    """Of health checks at the pace that was measured, on average."""
    reload_memory_bytes: Estimate | None = None
    """Of a reload of the code while runs are at work; None where none was measured."""


def costs_of(
    document: ResultDocument, workload: str = "", dagster_version: str = "", force: bool = False
) -> Costs:
    """The costs of the only cell of a workload and version; either may be left out where there is one.

    Raises:
        InvalidResultError: the result is not valid and `force` was not given.
        InputError: no cell, or several, are of that workload and version.
        ResultError: the cell lacks a constant.
    """
    if document.validity.state != "valid" and not force:
        against = [r.message for r in document.validity.reasons if r.severity != "note"]
        why = against[0] if against else "no reason recorded"
        raise InvalidResultError(
            f"{document.name}: result is {document.validity.state} ({why}); measure again, or size from it "
            "with --force, which will be said"
        )
    cell = _only(document, workload, dagster_version)
    known = {constant.name: constant for constant in cell.constants}

    def cost(name: str) -> Estimate:
        return _cost(document.name, cell.workload, name, known.get(name))

    return Costs(
        cell_id=cell.cell_id,
        workload=cell.workload,
        dagster_version=cell.dagster_version,
        **{name: cost(name) for name in NAMES},
        concurrency_measured=max((level.concurrency for level in cell.levels), default=0.0),
        health_check_memory_bytes=_if_measured(cell, "health_check_memory_bytes"),
        health_check_cores=_if_measured(cell, "health_check_cpu_seconds", cell.health_check_seconds),
        reload_memory_bytes=_if_measured(cell, "reload_memory_bytes"),
    )


def estimate_of(record: ConstantRecord) -> Estimate | None:
    """A constant as it was fitted; None where it has no value."""
    if record.value is None or record.low is None or record.high is None:
        return None
    return Estimate(record.value, record.low, record.high, record.bursts)


def estimates_of(cells: Iterable[CellRecord], name: str) -> list[Estimate]:
    """A constant of each of these cells that has it."""
    found = (estimate_of(one) for cell in cells for one in cell.constants if one.name == name)
    return [one for one in found if one is not None]


def _if_measured(cell: CellRecord, name: str, per: float = 1.0) -> Estimate | None:
    """A constant that few results have, divided; None where it was not measured, or too few times."""
    found = next(iter(estimates_of([cell], name)), None)
    return None if found is None else Estimate(found.value / per, found.low / per, found.high / per, found.n)


def tick_memory_of(document: ResultDocument, dagster_version: str) -> Estimate | None:
    """Memory of a tick, the most of all that were measured on this version; None where none was."""
    found = [
        _cost(document.name, cell.workload, constant.name, constant)
        for cell in document.cells
        if cell.dagster_version == dagster_version
        for constant in cell.constants
        if constant.name == "memory_per_tick_bytes" and constant.value is not None
    ]
    return max(found, key=lambda cost: cost.high, default=None)


EXECUTOR_COLUMNS = ("cell_id", "role")


def check_executor(processes: Columns, costs: Sequence[Costs], wanted: str) -> None:
    """Refuse constants of runs whose steps ran in another way than wanted.

    Args:
        processes: `EXECUTOR_COLUMNS` of that table: steps of the multiprocess executor are processes.
        costs: what shall be sized from.
        wanted: `multiprocess` or `in_process`; empty for whatever was measured.

    Raises:
        InputError: it was the other one, or nobody knows.
    """
    if not wanted:
        return
    if "role" not in processes:
        raise InputError(
            f"--executor {wanted}: which executor ran is not known here, as there is no processes.parquet; "
            "leave it out"
        )
    for one in costs:
        roles = processes["role"][processes["cell_id"] == one.cell_id]
        seen = "multiprocess" if "step" in set(roles) else "in_process"
        if seen != wanted:
            raise InputError(
                f"--executor {wanted}: the runs of {one.workload} were measured with the {seen} executor; "
                f"measure a job that uses {wanted} (workload multi_step has both: --set "
                f"workloads.0.executor={wanted})"
            )


def _only(document: ResultDocument, workload: str, dagster_version: str) -> CellRecord:
    cells = [
        cell
        for cell in document.cells
        if workload in ("", cell.workload) and dagster_version in ("", cell.dagster_version)
    ]
    if len(cells) == 1:
        return cells[0]
    offered = _listed(cell.workload for cell in document.cells)
    versions = _listed(cell.dagster_version for cell in document.cells)
    if not cells:
        raise InputError(
            f"{document.name}: nothing was measured of workload {workload or 'any'} on Dagster "
            f"{dagster_version or 'any'}; it has {offered} on {versions}; measure it with: dagster-sizing "
            f"bench SCENARIO --set 'dagster.versions=[\"{dagster_version or versions}\"]'"
        )
    if len({cell.workload for cell in cells}) > 1:
        raise InputError(f"{document.name}: several workloads; name one: --workload {offered}")
    if len({cell.dagster_version for cell in cells}) > 1:
        raise InputError(f"{document.name}: several versions; name one: --dagster-version {versions}")
    raise InputError(
        f"{document.name}: {len(cells)} cells of {cells[0].workload} with other limits; size from a result "
        "of one"
    )


def _cost(result: str, workload: str, name: str, constant: ConstantRecord | None) -> Estimate:
    if constant is None:
        raise ResultError(
            f"{result}: {workload} has no {name}: it was not fitted, or its bursts are ticks; see "
            f"dagster-sizing show {result}"
        )
    found = estimate_of(constant)
    if found is None:
        raise ResultError(
            f"{result}: {name} of {workload} has no value ({constant.reason}); measure more levels or repeats"
        )
    # an idle share or a delay below zero is noise around nothing
    value, low, high = (max(0.0, figure) for figure in (found.value, found.low, found.high))
    return Estimate(value, low, high, found.n)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))

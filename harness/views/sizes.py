"""What the page of a result needs to compute a size by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from harness.errors import InputError, InvalidResultError
from harness.results.result_document import ResultDocument
from harness.sizing import defaults
from harness.sizing.beyond import seconds_beyond_run
from harness.sizing.costs import costs_of, tick_memory_of


@dataclass(frozen=True)
class SizeInputs:
    """The upper ends of one cell's constants, and the assumptions of `size`; bytes, cores and seconds."""

    title: str
    workload: str
    dagster_version: str
    base_memory_bytes: float
    memory_per_run_bytes: float
    tick_memory_bytes: float
    base_cpu_cores: float
    cpu_seconds_per_run: float
    launch_seconds_per_run: float
    beyond_seconds: float
    concurrency_measured: float
    burst_headroom: float = defaults.BURST_HEADROOM
    return_days: float = defaults.RETURN_DAYS
    start_within_seconds: float = defaults.START_WITHIN_SECONDS
    ticks: int = defaults.TICKS
    memory_headroom: float = defaults.MEMORY_HEADROOM


def size_inputs(document: ResultDocument, runs: pd.DataFrame) -> tuple[SizeInputs, ...]:
    """Of every cell that `size` can size from; none of a result that is not valid."""
    found = []
    beyond = seconds_beyond_run(runs)
    for cell in document.cells:
        try:
            costs = costs_of(document, cell.workload, cell.dagster_version, force=False)
        except (InputError, InvalidResultError):  # also: nothing fitted, or a workload at several limits
            continue
        tick = tick_memory_of(document, cell.dagster_version)
        found.append(
            SizeInputs(
                title=f"{cell.workload}, Dagster {cell.dagster_version}",
                workload=cell.workload,
                dagster_version=cell.dagster_version,
                base_memory_bytes=costs.base_memory_bytes.high,
                memory_per_run_bytes=costs.memory_per_run_bytes.high,
                tick_memory_bytes=tick.high if tick else 0.0,
                base_cpu_cores=costs.base_cpu_cores.high,
                cpu_seconds_per_run=costs.cpu_seconds_per_run.high,
                launch_seconds_per_run=costs.launch_seconds_per_run.high,
                beyond_seconds=beyond,
                concurrency_measured=costs.concurrency_measured,
            )
        )
    return tuple(found)

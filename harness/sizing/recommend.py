"""From costs and demand to a size, with every term of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import InputError
from harness.model.linear import Array
from harness.results.sizing import (
    BoundName,
    CostRecord,
    KindRecord,
    NeedRecord,
    PeakRecord,
    Platform,
    QuantityRecord,
    ShapeRecord,
    SizingDocument,
    TermRecord,
)
from harness.sizing import shapes
from harness.sizing.costs import Cost, Costs
from harness.sizing.demand import Demand, Peak
from harness.sizing.formulas import Bound, Need, cpu_need, memory_need, runs_held, workers_need
from harness.sizing.shapes import Size

FAR = 4.0
"""So many times the concurrency that was measured is extrapolated too far to be recommended."""


@dataclass(frozen=True)
class Wish:
    """What else a size shall meet."""

    start_within_seconds: float
    """Until the last run of a burst has started."""
    ticks: int
    """Sensors and schedules that are evaluated at once."""


def weights_of(costs: Sequence[Costs]) -> Array:
    """What a run of each kind weighs: its memory; shape (kinds,)."""
    return np.array([one.memory_per_run_bytes.high for one in costs])


def check_reach(costs: Sequence[Costs], runs: int, force: bool) -> tuple[str, ...]:
    """Warnings of a size for more runs at once than were measured.

    Raises:
        InputError: it is so many more that the line says nothing, and `force` was not given.
    """
    measured = min(one.concurrency_measured for one in costs)
    if runs <= measured:
        return ()
    told = f"{runs} runs at once are extrapolated from {measured:.0f}, the most that were measured"
    if runs > FAR * measured and not force:
        raise InputError(
            f"{told}; measure nearer, with --set 'load.levels=[1, {runs // 4}, {runs // 2}]', or insist "
            "with --force"
        )
    return (told,)


def recommend(
    costs: Sequence[Costs],
    demand: Demand,
    wish: Wish,
    warnings: tuple[str, ...],
    forced: bool,
    result: str,
    harness_version: str,
    created_at: str,
) -> SizingDocument:
    """The size for a demand, on each platform.

    Lower is for the ordinary peak with the constants as fitted, and for CPU that keeps up with the launches
    on average; target for the larger of the guide's peak and the ordinary one, with the upper ends of the
    constants' intervals and CPU that starts all of them in time if they come at once; upper is the same for
    the busiest moment.
    """
    weights = weights_of(costs)
    binding = demand.binding(weights)
    ordinary = max(demand.ordinary, key=lambda peak: peak.weight(weights))
    busiest = max(demand.busiest, binding, key=lambda peak: peak.weight(weights))
    bounds: tuple[tuple[BoundName, Peak, Bound], ...] = (
        ("lower", ordinary, "value"),
        ("target", binding, "high"),
        ("upper", busiest, "high"),
    )
    rate, within = demand.launches_per_second, wish.start_within_seconds
    memory, cpu, workers = [], [], []
    for name, peak, bound in bounds:
        memory.append(_need(name, peak, memory_need(costs, peak.runs, bound)))
        burst = [0] * len(costs) if name == "lower" else peak.runs
        cpu.append(_need(name, peak, cpu_need(costs, rate, burst, within, bound)))
        workers.append(_need(name, peak, workers_need(costs, rate, peak.runs, wish.ticks, bound)))
    quantities = (
        QuantityRecord(name="memory", unit="bytes", needs=tuple(memory)),
        QuantityRecord(name="cpu", unit="cores", needs=tuple(cpu)),
        QuantityRecord(name="grpc_max_workers", unit="workers", needs=tuple(workers)),
    )
    peaks = (demand.guide, *demand.ordinary, demand.busiest)
    return SizingDocument(
        harness_version=harness_version,
        created_at=created_at,
        result=result,
        forced=forced,
        warnings=warnings,
        kinds=tuple(
            _kind(*of_kind)
            for of_kind in zip(costs, demand.average, demand.average_existing, rate, strict=True)
        ),
        start_within_seconds=within,
        peaks=tuple(_peak(peak, costs, peak is binding) for peak in peaks),
        quantities=quantities,
        shapes=_shapes(costs, memory[1].total, cpu[1].total, round(workers[1].total)),
    )


def _shapes(
    costs: Sequence[Costs], memory_bytes: float, cores: float, workers: int
) -> tuple[ShapeRecord, ...]:
    def shape(platform: Platform, size: Size | None, note: str) -> ShapeRecord:
        if size is None:
            largest = max(shapes.FARGATE)
            note = (
                f"no task is large enough (the largest has {largest:g} vCPU and "
                f"{max(shapes.FARGATE[largest])} GiB); divide the jobs among code locations"
            )
        return ShapeRecord(
            platform=platform,
            cpus=None if size is None else size.cpus,
            memory_bytes=None if size is None else size.memory_bytes,
            max_concurrent_runs=None if size is None else runs_held(costs, size.memory_bytes),
            grpc_max_workers=None if size is None else workers,
            note=note,
        )

    return (
        shape("ecs-fargate", shapes.fargate(cores, memory_bytes), f"valid pairs: {shapes.FARGATE_SOURCE}"),
        shape("ecs-ec2", shapes.ec2(cores, memory_bytes), "task on an instance with as much to spare"),
        shape("kubernetes", shapes.kubernetes(cores, memory_bytes), "requests, and the limit of memory"),
        shape("compose", shapes.compose(cores, memory_bytes), "mem_limit and cpus"),
    )


def _need(bound: BoundName, peak: Peak, need: Need) -> NeedRecord:
    terms = tuple(TermRecord(name=t.name, count=t.count, cost=t.cost) for t in need.terms)
    return NeedRecord(bound=bound, runs=peak.total, total=need.total, terms=terms, binds=need.binds)


def _peak(peak: Peak, costs: Sequence[Costs], binds: bool) -> PeakRecord:
    runs = {one.workload: count for one, count in zip(costs, peak.runs, strict=True)}
    return PeakRecord(
        name=peak.name, runs=runs, total=peak.total, exact=peak.exact, how=peak.how, binds=binds
    )


def _kind(costs: Costs, average: float, average_existing: float, launches_per_second: float) -> KindRecord:
    constants = (
        costs.base_memory_bytes,
        costs.memory_per_run_bytes,
        costs.base_cpu_cores,
        costs.cpu_seconds_per_run,
        costs.launch_seconds_per_run,
    )
    return KindRecord(
        workload=costs.workload,
        dagster_version=costs.dagster_version,
        costs=tuple(_cost(one) for one in constants),
        concurrency_measured=costs.concurrency_measured,
        average=average,
        average_existing=average_existing,
        launches_per_second=launches_per_second,
    )


def _cost(cost: Cost) -> CostRecord:
    return CostRecord(name=cost.name, value=cost.value, low=cost.low, high=cost.high, bursts=cost.bursts)

"""From costs and demand to a size, with every term of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.errors import InputError
from harness.model.intervals import Estimate
from harness.model.linear import Array
from harness.results.scenario_record import ScenarioRecord
from harness.results.sizing_document import (
    BoundName,
    CostRecord,
    KindRecord,
    LeakRecord,
    NeedRecord,
    PeakRecord,
    Platform,
    PricesRecord,
    QuantityRecord,
    ShapeRecord,
    SizingDocument,
    TermRecord,
    WaitingRecord,
)
from harness.sizing import shapes
from harness.sizing.cap import Waiting, capped, waiting
from harness.sizing.costs import NAMES, Costs
from harness.sizing.defaults import MOST_RUNS
from harness.sizing.demand import Demand, Peak
from harness.sizing.formulas import Bound, Need, cpu_need, memory_need, runs_held, with_headroom, workers_need
from harness.sizing.leaks import (
    TICKS_PER_HOUR,
    Leak,
    bytes_per_hour,
    leak_record,
    restart_hours,
    with_leak,
)
from harness.sizing.placement import Placement, Share, shares
from harness.sizing.prices import Tariff, offers
from harness.sizing.replicas import Ceiling, ServerNeed, decide
from harness.sizing.shapes import Size

FAR = 4.0
"""So many times the concurrency that was measured is extrapolated too far to be recommended."""
_NOTES: dict[Platform, str] = {
    "ecs-fargate": f"valid pairs: {shapes.FARGATE_SOURCE}",
    "ecs-ec2": "task on an instance with as much to spare",
    "kubernetes": "requests, and the limit of memory",
    "compose": "mem_limit and cpus",
}


@dataclass(frozen=True)
class Wish:
    """What else a size shall meet."""

    start_within_seconds: float
    """Until the last run of a burst has started."""
    ticks: int
    """Sensors and schedules that are evaluated at once."""
    tick_memory: Estimate | None
    """Of one tick, where it was measured."""
    memory_headroom: float
    """Share by which target and upper are more than the sum, for what the constants do not know."""
    acceptable_loss_seconds: float
    """Run time that may be lost when one server is killed at the peak."""
    ceiling: Ceiling
    """The largest server that can be had; infinite where none was told."""
    ticks_per_hour: float = TICKS_PER_HOUR
    """Of all sensors and schedules together."""
    restart_hours: float | None = None
    """Between restarts of a server that leaks; None for as often as the leak makes it worth."""
    cap: int | None = None
    """Runs at once that no more than shall be, where that was asked for."""


@dataclass(frozen=True)
class Origin:
    """Where a size comes from, as it is kept with it."""

    result: str
    stack: str
    scenario: ScenarioRecord
    harness_version: str
    created_at: str
    location: str
    warnings: tuple[str, ...]
    forced: bool


@dataclass(frozen=True)
class Prices:
    """What the platforms cost."""

    file: str
    currency: str
    hours_per_month: float
    tariffs: Mapping[Platform, Tariff]


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
        raise InputError(f"{told}; {_nearer(runs)}, or insist with --force")
    return (told,)


def _nearer(runs: int) -> str:
    """What to measure so that so many runs are near enough."""
    least = math.ceil(runs / FAR)
    if least > MOST_RUNS:
        return (
            f"at most {MOST_RUNS} can be measured, which tells of {FAR * MOST_RUNS:.0f}: divide the jobs "
            "among code locations and size each"
        )
    return f"measure nearer, with --set 'load.levels=[1, {max(2, least // 2)}, {max(3, least)}]'"


def recommend(
    costs: Sequence[Costs],
    demands: Sequence[Demand],
    wish: Wish,
    origin: Origin,
    placement: Placement | None = None,
    prices: Prices | None = None,
    leaks: Sequence[Leak] = (),
) -> SizingDocument:
    """The size for a demand, on each platform.

    Lower is for the peak of every second day with the constants as fitted, and for CPU that keeps up with the
    launches on average; target for the peak that was asked for, with the upper ends of the constants'
    intervals and CPU that starts all of its runs in time if they come at once; upper is the same for a peak
    that is ten times rarer.

    Args:
        costs: of each kind of run.
        demands: of one server that takes it all, and where the placement is known of one of 2, 3, ...
        wish: what else the size shall meet.
        origin: kept with it.
        placement: how launches were measured to spread over replicas.
        prices: of what is on offer.
        leaks: what leaves memory behind for good.
    """
    told, of_each = demands[0], shares(placement)
    waits = (
        None
        if wish.cap is None
        else waiting(told, wish.cap, [one.launch_seconds_per_run.high for one in costs])
    )
    if wish.cap is not None:
        demands = [capped(one, wish.cap, weights_of(costs)) for one in demands]
    needs = [
        _server_need(costs, one, share, wish, leaks) for one, share in zip(demands, of_each, strict=True)
    ]
    replicas = decide(needs, placement, _told(wish.ceiling), wish.acceptable_loss_seconds)
    whole, demand = demands[0], demands[replicas.replicas - 1]
    quantities, leak = _quantities(costs, demand, wish, leaks)
    memory = _target(quantities, "memory")
    needed = Size(_target(quantities, "cpu"), math.ceil(memory))
    sizes = _sizes(needed, wish.ceiling)

    def cap(memory_bytes: int) -> int:
        held = runs_held(costs, demand.target.runs, memory, wish.memory_headroom, memory_bytes)
        if wish.cap is not None and whole.target is not told.target:
            return wish.cap
        return held * whole.target.total // demand.target.total  # counts over all replicas

    one_run = memory_need(costs, _one_of_the_heaviest(costs), 0, None, "high")
    isolated = shapes.fargate(0, with_headroom(one_run, wish.memory_headroom).total)
    workers = round(_target(quantities, "grpc_max_workers"))
    return SizingDocument(
        harness_version=origin.harness_version,
        created_at=origin.created_at,
        result=origin.result,
        forced=origin.forced,
        warnings=origin.warnings,
        kinds=tuple(
            _kind(*of_kind)
            for of_kind in zip(
                costs, whole.average, whole.average_existing, whole.launches_per_second, strict=True
            )
        ),
        rests_on=whole.rests_on,
        start_within_seconds=wish.start_within_seconds,
        peaks=_peaks(costs, told, demand.target, replicas.replicas),
        waiting=None if waits is None else _waiting(waits, costs),
        leak=leak,
        quantities=quantities,
        shapes=tuple(_shape(platform, size, workers, cap) for platform, size in sizes.items()),
        isolated_cpus=None if isolated is None else isolated.cpus,
        isolated_memory_bytes=None if isolated is None else isolated.memory_bytes,
        replicas=replicas,
        prices=None if prices is None else _priced(prices, sizes, needed, replicas.replicas),
        location=origin.location,
        stack=origin.stack,
        scenario=origin.scenario,
    )


def _quantities(
    costs: Sequence[Costs], demand: Demand, wish: Wish, leaks: Sequence[Leak]
) -> tuple[tuple[QuantityRecord, ...], LeakRecord | None]:
    """Memory, CPU and workers of one server at the three bounds, and what leaks of its memory."""
    most = _memory_at_most(costs, demand, wish).total
    leaked, hours = _leaked(demand, wish, leaks, most)
    bounds: tuple[tuple[BoundName, Peak, Bound], ...] = (
        ("lower", demand.usual, "value"),
        ("target", demand.target, "high"),
        ("upper", demand.rare, "high"),
    )
    memory, cpu, workers = [], [], []
    for name, peak, bound in bounds:
        rate = demand.launches_per_second if bound == "value" else demand.launches_at_most
        need = memory_need(costs, peak.runs, wish.ticks, wish.tick_memory, bound)
        need = need if name == "lower" else with_headroom(need, wish.memory_headroom)
        memory.append(_need(name, peak, with_leak(need, leaked[bound], hours)))
        burst = [0] * len(costs) if name == "lower" else peak.runs
        cpu.append(_need(name, peak, cpu_need(costs, rate, burst, wish.start_within_seconds, bound)))
        workers.append(_need(name, peak, workers_need(costs, rate, peak.runs, wish.ticks, bound)))
    quantities = (
        QuantityRecord(name="memory", unit="bytes", needs=tuple(memory)),
        QuantityRecord(name="cpu", unit="cores", needs=tuple(cpu)),
        QuantityRecord(name="grpc_max_workers", unit="workers", needs=tuple(workers)),
    )
    return quantities, leak_record(leaks, leaked["high"], most, hours)


def _memory_at_most(costs: Sequence[Costs], demand: Demand, wish: Wish) -> Need:
    """Memory of one server at the target, without what leaks."""
    need = memory_need(costs, demand.target.runs, wish.ticks, wish.tick_memory, "high")
    return with_headroom(need, wish.memory_headroom)


def _leaked(
    demand: Demand, wish: Wish, leaks: Sequence[Leak], needed_bytes: float
) -> tuple[dict[Bound, float], float]:
    """Bytes per hour that leak, at both bounds, and hours between restarts for it."""
    per_hour: dict[Bound, float] = {
        "value": bytes_per_hour(leaks, demand.launches_per_second, wish.ticks_per_hour, "value"),
        "high": bytes_per_hour(leaks, demand.launches_at_most, wish.ticks_per_hour, "high"),
    }
    if not per_hour["high"]:
        return per_hour, 0.0
    return per_hour, restart_hours(needed_bytes, per_hour["high"], wish.restart_hours)


def _target(quantities: Sequence[QuantityRecord], name: str) -> float:
    needs = next(one.needs for one in quantities if one.name == name)
    return next(one.total for one in needs if one.bound == "target")


def _server_need(
    costs: Sequence[Costs], demand: Demand, share: Share, wish: Wish, leaks: Sequence[Leak]
) -> ServerNeed:
    runs, within, none = demand.target.runs, wish.start_within_seconds, (0,) * len(costs)
    memory = _memory_at_most(costs, demand, wish)
    leaked, hours = _leaked(demand, wish, leaks, memory.total)
    return ServerNeed(
        share=share,
        runs=demand.target.total,
        memory_bytes=with_leak(memory, leaked["high"], hours).total,
        burst_cores=cpu_need(costs, none, runs, within, "high").total,
        average_cores=cpu_need(costs, demand.launches_at_most, none, within, "high").total,
        elapsed_seconds=demand.elapsed_seconds,
        average_existing=sum(demand.average_existing),
    )


def _peaks(costs: Sequence[Costs], told: Demand, binding: Peak, replicas: int) -> tuple[PeakRecord, ...]:
    """Those of the whole demand, and what a cap leaves of them or falls on one of several replicas."""
    every = (told.guide, told.usual, told.target, told.rare)
    if binding is told.target:
        return tuple(_peak(peak, costs, peak is binding) for peak in every)
    if replicas > 1:
        binding = replace(binding, name=f"on one of {replicas}, {binding.name}")
    return (*(_peak(peak, costs, False) for peak in every), _peak(binding, costs, True))


def _waiting(waits: Waiting, costs: Sequence[Costs]) -> WaitingRecord:
    peak = _peak(waits.of_peak, costs, False)
    return WaitingRecord(cap=waits.cap, runs=peak.runs, total=peak.total, seconds=waits.seconds)


def _told(ceiling: Ceiling) -> Ceiling:
    """The ceiling, or where none was told the largest task that Fargate has."""
    largest = shapes.LARGEST_FARGATE
    return Ceiling(
        ceiling.cpus if math.isfinite(ceiling.cpus) else largest.cpus,
        ceiling.memory_bytes if math.isfinite(ceiling.memory_bytes) else largest.memory_bytes,
    )


def _sizes(needed: Size, ceiling: Ceiling) -> dict[Platform, Size | None]:
    """The smallest size on each platform; None where it is larger than can be had."""
    found: dict[Platform, Size | None] = {
        "ecs-fargate": shapes.fargate(needed.cpus, needed.memory_bytes),
        "ecs-ec2": shapes.ec2(needed.cpus, needed.memory_bytes),
        "kubernetes": shapes.kubernetes(needed.cpus, needed.memory_bytes),
        "compose": shapes.compose(needed.cpus, needed.memory_bytes),
    }
    return {
        platform: size
        if size and size.cpus <= ceiling.cpus and size.memory_bytes <= ceiling.memory_bytes
        else None
        for platform, size in found.items()
    }


def _shape(platform: Platform, size: Size | None, workers: int, cap: Callable[[int], int]) -> ShapeRecord:
    note = _NOTES[platform]
    if size is None:
        note = "none on offer is large enough; divide the jobs among code locations, or allow later starts"
    return ShapeRecord(
        platform=platform,
        cpus=None if size is None else size.cpus,
        memory_bytes=None if size is None else size.memory_bytes,
        max_concurrent_runs=None if size is None else cap(size.memory_bytes),
        grpc_max_workers=None if size is None else workers,
        note=note,
    )


def _priced(
    prices: Prices, sizes: Mapping[Platform, Size | None], needed: Size, replicas: int
) -> PricesRecord:
    smallest = {platform: size for platform, size in sizes.items() if size is not None}
    return PricesRecord(
        file=prices.file,
        currency=prices.currency,
        hours_per_month=prices.hours_per_month,
        offers=offers(prices.tariffs, smallest, needed, replicas, prices.hours_per_month),
    )


def _one_of_the_heaviest(costs: Sequence[Costs]) -> list[int]:
    heaviest = max(range(len(costs)), key=lambda number: costs[number].memory_per_run_bytes.high)
    return [int(number == heaviest) for number in range(len(costs))]


def _need(bound: BoundName, peak: Peak, need: Need) -> NeedRecord:
    terms = tuple(TermRecord(name=t.name, count=t.count, cost=t.cost) for t in need.terms)
    return NeedRecord(bound=bound, runs=peak.total, total=need.total, terms=terms, binds=need.binds)


def _peak(peak: Peak, costs: Sequence[Costs], binds: bool) -> PeakRecord:
    runs = {one.workload: count for one, count in zip(costs, peak.runs, strict=True)}
    return PeakRecord(
        name=peak.name, runs=runs, total=peak.total, exact=peak.exact, how=peak.how, binds=binds
    )


def _kind(costs: Costs, average: float, average_existing: float, launches_per_second: float) -> KindRecord:
    return KindRecord(
        workload=costs.workload,
        dagster_version=costs.dagster_version,
        costs=tuple(_cost(name, getattr(costs, name)) for name in NAMES),
        concurrency_measured=costs.concurrency_measured,
        average=average,
        average_existing=average_existing,
        launches_per_second=launches_per_second,
    )


def _cost(name: str, cost: Estimate) -> CostRecord:
    return CostRecord(name=name, value=cost.value, low=cost.low, high=cost.high, bursts=cost.n)

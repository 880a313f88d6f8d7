"""Made-up costs and a made-up size, for tests of what is computed from them."""

from __future__ import annotations

from typing import Any

from harness.model.intervals import Estimate
from harness.results.sizing_document import (
    CostRecord,
    KindRecord,
    NeedRecord,
    PeakRecord,
    Platform,
    QuantityRecord,
    ReplicasRecord,
    ShapeRecord,
    SizingDocument,
    TermRecord,
)
from harness.sizing.costs import Costs
from harness.sizing.shapes import GIB, MIB, Size

TOO_LARGE = "no task is large enough; divide the jobs among code locations"
TASK, POD, CONTAINER = Size(2.0, 4 * GIB), Size(1.5, 1536 * MIB), Size(1.3, 1472 * MIB)


def cost(value: float, spread: float = 0.1) -> Estimate:
    return Estimate(value, value * (1 - spread), value * (1 + spread), 9)


def costs(workload: str = "io_bound", per_run_mib: float = 100.0, measured: float = 10.0) -> Costs:
    return Costs(
        cell_id=workload,
        workload=workload,
        dagster_version="1.13.27",
        base_memory_bytes=cost(110 * MIB),
        memory_per_run_bytes=cost(per_run_mib * MIB),
        base_cpu_cores=cost(0.01),
        cpu_seconds_per_run=cost(2.0),
        launch_seconds_per_run=cost(0.7),
        concurrency_measured=measured,
    )


def kind(
    workload: str = "io_bound", per_run: float = 100.0, spread: float = 0.1, version: str = "1.13.27"
) -> KindRecord:
    """Runs of 100 MiB on a base of 110."""

    def record(name: str, mib: float) -> CostRecord:
        made = cost(mib * MIB, spread)
        return CostRecord(name=name, value=made.value, low=made.low, high=made.high, bursts=9)

    return KindRecord(
        workload=workload,
        dagster_version=version,
        costs=(record("base_memory_bytes", 110.0), record("memory_per_run_bytes", per_run)),
        concurrency_measured=10,
        average=2.5,
        average_existing=2.6,
        launches_per_second=200 / 3600,
    )


def shape(platform: Platform, size: Size | None, workers: int = 9, held: int | None = 11) -> ShapeRecord:
    return ShapeRecord(
        platform=platform,
        cpus=size and size.cpus,
        memory_bytes=size and size.memory_bytes,
        max_concurrent_runs=held if size else None,
        grpc_max_workers=workers if size else None,
        note="" if size else TOO_LARGE,
    )


def quantities(workload: str = "io_bound") -> tuple[QuantityRecord, ...]:
    """Sums for nine runs of 100 MiB on a base of 110."""

    def need(bound: str, total: float, *terms: tuple[str, float, float]) -> NeedRecord:
        of = tuple(TermRecord(name=name, count=count, cost=cost) for name, count, cost in terms)
        return NeedRecord(bound=bound, runs=9, total=total, terms=of, binds="a burst")

    runs = f"runs at once ({workload})"
    return (
        QuantityRecord(
            name="memory",
            unit="bytes",
            needs=(
                need("lower", 1010 * MIB, ("base", 1, 110 * MIB), (runs, 9, 100 * MIB)),
                need("target", 1111 * MIB, ("base", 1, 121 * MIB), (runs, 9, 110 * MIB)),
                need("upper", 1331 * MIB, ("base", 1, 121 * MIB), (runs, 11, 110 * MIB)),
            ),
        ),
        QuantityRecord(
            name="cpu",
            unit="cores",
            needs=(need("target", 1.31, ("base", 1, 0.01), ("starts per second of a burst", 0.5, 2.6)),),
        ),
        QuantityRecord(
            name="grpc_max_workers",
            unit="workers",
            needs=(need("target", 11, ("Pings", 1, 1), ("a", 10, 1)),),
        ),
    )


def sizing(
    fargate: Size | None = TASK,
    kubernetes: Size | None = POD,
    compose: Size | None = CONTAINER,
    workers: int = 9,
    replicas: int = 1,
    version: str = "1.13.27",
    held: int | None = 11,
    **changes: Any,
) -> SizingDocument:
    values: dict[str, Any] = {
        "harness_version": "0.1.0",
        "created_at": "2026-01-01T00:00:00+00:00",
        "result": "sample",
        "forced": False,
        "warnings": (),
        "kinds": (kind(version=version),),
        "start_within_seconds": 60,
        "peaks": (
            PeakRecord(name="guide", runs={"io_bound": 7}, total=7, exact=6.25, how="2.5 x", binds=False),
            PeakRecord(
                name="ordinary",
                runs={"io_bound": 9},
                total=9,
                exact=9,
                how="not exceeded for 99.9 % of the time",
                binds=True,
            ),
        ),
        "quantities": quantities(),
        "shapes": (
            shape("ecs-fargate", fargate, workers, held and held + 20),
            shape("ecs-ec2", Size(1.375, 1472 * MIB), workers, held),
            shape("kubernetes", kubernetes, workers, held),
            shape("compose", compose, workers, held),
        ),
        "isolated_cpus": 0.5,
        "isolated_memory_bytes": GIB,
        "replicas": ReplicasRecord(
            replicas=replicas, why="two lose less", acceptable_loss_seconds=900, layouts=(), rules=()
        ),
        "stack": "process",
        "scenario": {},
    }
    return SizingDocument(**(values | changes))

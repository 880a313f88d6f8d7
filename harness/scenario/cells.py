"""The cells of a scenario: one per version, limits, worker count and workload."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from harness.scenario.model import Scenario
from harness.scenario.workload import Workload


@dataclass(frozen=True)
class Cell:
    """One setting of the scenario; everything in it stays fixed while its bursts are measured."""

    dagster_version: str
    cpus: float
    memory_bytes: int
    grpc_max_workers: int | None
    """None: DAGSTER_GRPC_MAX_WORKERS is not set."""
    replicas: int
    coordinator: str
    max_concurrent_runs: int | None
    """Cap of the queue; None for Dagster's own, and where there is no queue."""
    started_as: str
    health_check_seconds: float
    """How often a health check runs beside the code server; 0 for none."""
    locations: int
    """Code servers in each container."""
    workload: Workload

    @property
    def servers(self) -> int:
        """Code servers in all, which start together."""
        return self.replicas * self.locations

    @property
    def cell_id(self) -> str:
        """Readable, unique within the scenario, safe as a file name."""
        workers = "unset-" if self.grpc_max_workers is None else f"{self.grpc_max_workers}"
        several = f"-{self.replicas}replicas" if self.replicas > 1 else ""
        queue = "-queued" if self.coordinator == "queued" else ""
        cap = f"{self.max_concurrent_runs}" if self.max_concurrent_runs else ""
        started = "" if self.started_as == "grpc" else f"-{self.started_as}"
        checked = f"-check{self.health_check_seconds:g}s" if self.health_check_seconds else ""
        beside = f"-{self.locations}locations" if self.locations > 1 else ""
        return (
            f"{self.workload.label}-{self.dagster_version}-{self.cpus:g}cpu-"
            f"{self.memory_bytes // 2**20}mib-{workers}w{several}{queue}{cap}{started}{checked}{beside}"
        )


def cells_of(scenario: Scenario) -> tuple[Cell, ...]:
    """Every cell, versions outermost so that an environment is made once and then used."""
    server = scenario.server
    return tuple(
        Cell(
            dagster_version=version,
            cpus=cpus,
            memory_bytes=memory,
            grpc_max_workers=None if workers == "unset" else workers,
            replicas=replicas,
            coordinator=coordinator,
            max_concurrent_runs=cap,
            started_as=started_as,
            health_check_seconds=check,
            locations=locations,
            workload=workload,
        )
        for version, cpus, memory, workers, replicas, (
            coordinator,
            cap,
        ), started_as, check, locations, workload in product(
            scenario.dagster.versions,
            server.cpus,
            server.memory,
            server.grpc_max_workers,
            server.replicas,
            _queues(scenario),
            server.started_as,
            server.health_check_every,
            server.locations,
            scenario.workloads,
        )
    )


def _queues(scenario: Scenario) -> tuple[tuple[str, int | None], ...]:
    """Coordinators and caps: a cap multiplies only the queued ones."""
    caps: tuple[int | None, ...] = scenario.dagster.max_concurrent_runs or (None,)
    return tuple(
        (coordinator, cap)
        for coordinator in scenario.dagster.coordinator
        for cap in (caps if coordinator == "queued" else (None,))
    )

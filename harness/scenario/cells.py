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
    grpc_max_workers: int
    replicas: int
    workload: Workload

    @property
    def cell_id(self) -> str:
        """Readable, unique within the scenario, safe as a file name."""
        several = f"-{self.replicas}replicas" if self.replicas > 1 else ""
        return (
            f"{self.workload.label}-{self.dagster_version}-{self.cpus:g}cpu-"
            f"{self.memory_bytes // 2**20}mib-{self.grpc_max_workers}w{several}"
        )


def cells_of(scenario: Scenario) -> tuple[Cell, ...]:
    """Every cell, versions outermost so that an environment is made once and then used."""
    server = scenario.server
    return tuple(
        Cell(*combination)
        for combination in product(
            scenario.dagster.versions,
            server.cpus,
            server.memory,
            server.grpc_max_workers,
            server.replicas,
            scenario.workloads,
        )
    )

"""Made-up costs, for the tests of sizing."""

from __future__ import annotations

from harness.sizing.costs import Cost, Costs

MIB = 2**20


def cost(name: str, value: float, spread: float = 0.1) -> Cost:
    return Cost(name, value, value * (1 - spread), value * (1 + spread), 9)


def costs(workload: str = "io_bound", per_run_mib: float = 100.0, measured: float = 10.0) -> Costs:
    return Costs(
        workload=workload,
        dagster_version="1.13.27",
        base_memory_bytes=cost("base_memory_bytes", 110 * MIB),
        memory_per_run_bytes=cost("memory_per_run_bytes", per_run_mib * MIB),
        base_cpu_cores=cost("base_cpu_cores", 0.01),
        cpu_seconds_per_run=cost("cpu_seconds_per_run", 2.0),
        launch_seconds_per_run=cost("launch_seconds_per_run", 0.7),
        concurrency_measured=measured,
    )

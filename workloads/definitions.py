"""Everything this code location offers; started with `dagster api grpc -m workloads.definitions`."""

import dagster as dg

from workloads.jobs import cpu_bound, io_bound, multi_step, pandas_bound
from workloads.profiling import profile_memory, profiled
from workloads.sensors import cpu_tick, io_tick

defs = dg.Definitions(
    assets=[profiled],
    jobs=[io_bound, cpu_bound, pandas_bound, multi_step, profile_memory],
    sensors=[io_tick, cpu_tick],
)

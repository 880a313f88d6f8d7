"""Everything this code location offers; started with `dagster api grpc -m workloads.definitions`."""

import os

import dagster as dg

from workloads.cost import PAGE_BYTES
from workloads.jobs import cpu_bound, io_bound, mixed, multi_step, pandas_bound
from workloads.profiling import profile_memory, profiled
from workloads.sensors import cpu_tick, frequent_ticks, io_schedule, io_tick

SHARED_STATE_BYTES = int(os.environ.get("WORKLOADS_SHARED_STATE_BYTES", "0"))
# As a location does that loads a model or a lookup table when it is imported; without a copy on the way,
# which would show as a peak of twice the size.
SHARED_STATE = bytearray(os.urandom(PAGE_BYTES)) * (SHARED_STATE_BYTES // PAGE_BYTES)

defs = dg.Definitions(
    assets=[profiled],
    jobs=[io_bound, cpu_bound, mixed, pandas_bound, multi_step, profile_memory],
    sensors=[io_tick, cpu_tick, *frequent_ticks],
    schedules=[io_schedule],
)

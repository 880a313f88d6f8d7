"""Sensors whose evaluation costs a known amount in the code server's own threads; stopped by default."""

import time

import dagster as dg

from workloads.cost import compute
from workloads.jobs import io_bound

TICK_SECONDS = 0.5


@dg.sensor(job=io_bound, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.STOPPED)
def io_tick() -> dg.SkipReason:
    """Wait, as a sensor does that asks another service."""
    time.sleep(TICK_SECONDS)
    return dg.SkipReason(f"waited {TICK_SECONDS} s")


@dg.sensor(job=io_bound, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.STOPPED)
def cpu_tick() -> dg.SkipReason:
    """Compute, under the interpreter lock it shares with every other tick."""
    compute(TICK_SECONDS)
    return dg.SkipReason(f"computed {TICK_SECONDS} s")

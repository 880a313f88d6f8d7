"""Sensors and schedules whose evaluation costs a known amount in the code server's own threads.

They are stopped by default. Each tells in its skip reason when and in which process and thread it was
evaluated.
"""

import json
import os
import threading
import time
from collections.abc import Callable

import dagster as dg

from workloads.cost import compute
from workloads.jobs import io_bound

TICK_SECONDS = 0.5
FREQUENT_TICKS = 12


def evaluate(work: Callable[[float], object]) -> dg.SkipReason:
    """Work for TICK_SECONDS; the skip reason is a JSON object that tells where and when."""
    began = time.time()
    work(TICK_SECONDS)
    told = {
        "began_epoch_seconds": began,
        "ended_epoch_seconds": time.time(),
        "pid": os.getpid(),
        "thread": threading.get_native_id(),
    }
    return dg.SkipReason(json.dumps(told))


def compute_in_thread(cpu_seconds: float) -> None:
    """Compute until this thread has used `cpu_seconds` more, whatever the others use meanwhile."""
    compute(cpu_seconds, clock=time.thread_time)


@dg.sensor(job=io_bound, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.STOPPED)
def io_tick() -> dg.SkipReason:
    """Wait, as a sensor does that asks another service."""
    return evaluate(time.sleep)


@dg.sensor(job=io_bound, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.STOPPED)
def cpu_tick() -> dg.SkipReason:
    """Compute, under the interpreter lock it shares with every other tick."""
    return evaluate(compute_in_thread)


def frequent_tick(number: int) -> dg.SensorDefinition:
    """A sensor that is due each time the daemon looks, and costs the code server next to nothing."""

    @dg.sensor(
        name=f"frequent_tick_{number}",
        job=io_bound,
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.STOPPED,
    )
    def nothing_new() -> dg.SkipReason:
        return dg.SkipReason("nothing new")

    return nothing_new


frequent_ticks = [frequent_tick(number) for number in range(1, FREQUENT_TICKS + 1)]


@dg.schedule(job=io_bound, cron_schedule="0 0 1 1 *", default_status=dg.DefaultScheduleStatus.STOPPED)
def io_schedule() -> dg.SkipReason:
    """Wait, as `io_tick` does, in a schedule."""
    return evaluate(time.sleep)

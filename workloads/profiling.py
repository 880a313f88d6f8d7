"""The sizing guide's own way to measure: an asset that profiles itself, so that its numbers can stand
beside what the collector saw from outside.
"""

import os
import time
import tracemalloc

import dagster as dg
import psutil

from workloads.cost import ballast, wait_until

MIB = 1024**2


@dg.asset(
    config_schema={
        "ballast_bytes": dg.Field(int, default_value=64 * MIB),
        "duration_seconds": dg.Field(float, default_value=1.0),
    }
)
def profiled(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]  # not generic in Dagster 1.8
    """Hold ballast, and report the growth of RSS and the traced peak as the guide does."""
    config = context.op_execution_context.op_config
    end = time.monotonic() + config["duration_seconds"]
    process = psutil.Process(os.getpid())
    tracemalloc.start()
    before = process.memory_info().rss
    with ballast(config["ballast_bytes"]):
        wait_until(end)
        after = process.memory_info().rss
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return dg.MaterializeResult(
        metadata={
            "rss_delta_mib": (after - before) / MIB,
            "rss_mib": after / MIB,
            "traced_peak_mib": peak / MIB,
        }
    )


profile_memory = dg.define_asset_job(
    "profile_memory", selection=[profiled], executor_def=dg.in_process_executor
)

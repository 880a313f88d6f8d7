"""Synthetic jobs of known cost. The op `JOB_op` takes the parameters as its config.

`duration_seconds` is the least time the op lasts from its start (`mixed` computes only after it);
`ballast_bytes` is held all the while.
"""

import time
from collections.abc import Iterator

import dagster as dg

from workloads.cost import ballast, compute, wait_on_socket, wait_until

BALLAST = dg.Field(int, default_value=0, description="bytes of memory that are really touched and held")
DURATION = dg.Field(float, default_value=1.0, description="least number of seconds the op lasts")
CPU_SECONDS = dg.Field(float, default_value=1.0, description="CPU time to compute for")


@dg.op(
    name="io_bound_op",
    config_schema={
        "ballast_bytes": BALLAST,
        "duration_seconds": DURATION,
        "wait": dg.Field(
            dg.Enum("Wait", [dg.EnumValue("sleep"), dg.EnumValue("socket")]), default_value="sleep"
        ),
    },
)
def io_bound_op(context: dg.OpExecutionContext) -> None:
    """Wait, as a run does that calls other services."""
    config = context.op_config
    with ballast(config["ballast_bytes"]):
        if config["wait"] == "socket":
            wait_on_socket(config["duration_seconds"])
        else:
            time.sleep(config["duration_seconds"])


@dg.op(
    name="cpu_bound_op",
    config_schema={
        "ballast_bytes": BALLAST,
        "duration_seconds": DURATION,
        "cpu_seconds": CPU_SECONDS,
    },
)
def cpu_bound_op(context: dg.OpExecutionContext) -> None:
    """Compute in pure Python for a set CPU time, then wait out the duration."""
    config = context.op_config
    end = time.monotonic() + config["duration_seconds"]
    with ballast(config["ballast_bytes"]):
        compute(config["cpu_seconds"])
        wait_until(end)


@dg.op(
    name="mixed_op",
    config_schema={
        "ballast_bytes": BALLAST,
        "duration_seconds": dg.Field(float, default_value=1.0, description="number of seconds it waits"),
        "cpu_seconds": CPU_SECONDS,
    },
)
def mixed_op(context: dg.OpExecutionContext) -> None:
    """Wait, as for data that is fetched, and then compute."""
    config = context.op_config
    with ballast(config["ballast_bytes"]):
        time.sleep(config["duration_seconds"])
        compute(config["cpu_seconds"])


@dg.op(
    name="pandas_bound_op",
    config_schema={
        "ballast_bytes": BALLAST,
        "duration_seconds": DURATION,
        "rows": dg.Field(int, default_value=200_000, description="rows of the frame"),
    },
)
def pandas_bound_op(context: dg.OpExecutionContext) -> None:
    """Group a frame by key, holding the frame until the duration is over."""
    import numpy as np  # here, so that the other jobs and the server itself do not pay for it
    import pandas as pd

    config = context.op_config
    end = time.monotonic() + config["duration_seconds"]
    rng = np.random.default_rng(1)
    with ballast(config["ballast_bytes"]):
        rows = config["rows"]
        frame = pd.DataFrame({"key": rng.integers(0, max(rows // 10, 1), rows), "value": rng.random(rows)})
        groups = frame.groupby("key")["value"].agg(["mean", "max", "count"])
        context.log.info(f"{len(groups)} groups of {rows} rows")
        wait_until(end)


@dg.op(
    name="multi_step_op",
    out=dg.DynamicOut(dict),
    config_schema={
        "ballast_bytes": BALLAST,
        "duration_seconds": DURATION,
        "steps": dg.Field(int, default_value=2, description="parallel steps"),
    },
)
def multi_step_op(context: dg.OpExecutionContext) -> Iterator[dg.DynamicOutput[dict[str, float]]]:
    """Fan out into parallel steps, each of which holds ballast and duration."""
    config = context.op_config
    for number in range(config["steps"]):
        yield dg.DynamicOutput(
            {"ballast_bytes": config["ballast_bytes"], "duration_seconds": config["duration_seconds"]},
            mapping_key=str(number),
        )


@dg.op(name="part")
def part_op(parameters: dict) -> None:  # type: ignore[type-arg]  # Dagster reads the bare type
    """One of the parallel steps."""
    with ballast(parameters["ballast_bytes"]):
        time.sleep(parameters["duration_seconds"])


@dg.job(executor_def=dg.in_process_executor)
def io_bound() -> None:
    """Waits on I/O."""
    io_bound_op()


@dg.job(executor_def=dg.in_process_executor)
def cpu_bound() -> None:
    """Computes."""
    cpu_bound_op()


@dg.job(executor_def=dg.in_process_executor)
def mixed() -> None:
    """Waits, then computes."""
    mixed_op()


@dg.job(executor_def=dg.in_process_executor)
def pandas_bound() -> None:
    """Groups a data frame."""
    pandas_bound_op()


@dg.job(executor_def=dg.multi_or_in_process_executor)
def multi_step() -> None:
    """Parallel steps; by Dagster's default each in a process of its own."""
    multi_step_op().map(part_op)

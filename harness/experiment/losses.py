"""Code servers lost in a burst: killed on purpose where a scenario asks for it, and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from harness.errors import ExperimentError
from harness.experiment.context import BurstContext
from harness.experiment.drain import Drained
from harness.experiment.plan import PlannedBurst
from harness.target.run_histories import TERMINAL


@contextmanager
def killer(context: BurstContext, planned: PlannedBurst, released: float) -> Iterator[None]:
    """Kill the busiest code server when its time has come, if the scenario asks for it.

    Raises:
        ExperimentError: nothing here can kill one, or it could not be killed.
    """
    after = context.scenario.load.lose_server_after
    if not after or planned.phase == "warmup":
        yield
        return
    control = context.deployment.control
    if control is None:
        raise ExperimentError("load.lose_server_after: nothing here can kill the code server and revive it")

    failed: list[Exception] = []

    def kill() -> None:
        try:
            walks = context.sources.latest_walks() or {}
            running = {name: int((walk["role"] == "run").sum()) for name, walk in walks.items()}
            names = running or dict.fromkeys((r.name for r in context.deployment.replicas), 0)
            control.kill(max(names, key=lambda name: names[name]))
        except Exception as error:  # it is the timer's thread, where it would vanish
            failed.append(error)

    call_off = context.tools.clock.call_at(released + after, kill)
    try:
        yield
    finally:
        call_off()
    if failed:
        raise ExperimentError(f"load.lose_server_after: the code server could not be killed: {failed[0]!r}")


def losses_row(context: BurstContext, drained: Drained, runs: pd.DataFrame) -> dict[str, Any]:
    """What was lost in the burst; starts it again, with nothing left of the burst's runs."""
    row: dict[str, Any] = {
        "lost_replica": "; ".join(loss.replica for loss in drained.losses),
        "lost_at_epoch_seconds": float("nan"),
        "lost_cause": "",
        "back_after_seconds": float("nan"),
    }
    if not drained.losses:
        return row
    first = min(drained.losses, key=lambda loss: loss.at_epoch_seconds)
    killed = context.scenario.load.lose_server_after and first.cause == "exit"
    context.target.cancel(given_up(runs))
    clock = context.tools.clock
    began = clock.monotonic()
    context.revive()
    return row | {
        "lost_at_epoch_seconds": first.at_epoch_seconds,
        "lost_cause": "killed" if killed else first.cause,
        "back_after_seconds": clock.monotonic() - began,
    }


def given_up(runs: pd.DataFrame) -> list[str]:
    """Ids of the runs that a lost code server took with it, in the order to cancel them.

    Dagster goes on holding them to be in progress: in a queue they would keep their places, and no run of
    the next burst would ever start. Those in the queue come first, lest they take freed places.

    Args:
        runs: histories of a burst, with columns `run_id` and `status`.
    """
    left = runs[~runs["status"].isin(TERMINAL)]
    queued = left["status"] == "QUEUED"
    return [*left.loc[queued, "run_id"], *left.loc[~queued, "run_id"]]

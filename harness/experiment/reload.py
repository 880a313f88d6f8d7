"""A reload of the code while runs are at work: as when new code is deployed to a server that stays."""

from __future__ import annotations

import pandas as pd

from harness.errors import ExperimentError
from harness.experiment.context import BurstContext
from harness.experiment.plan import PlannedBurst
from harness.results.columns import RELOAD
from harness.target.run_histories import TERMINAL
from harness.target.target import Tag

POLL_SECONDS = 0.2
AT_WORK = frozenset({"STARTED"}) | TERMINAL


def reload_location(context: BurstContext, planned: PlannedBurst, tag: Tag, expected: int) -> float:
    """Reload the location once all runs of a burst are at work, if it is a burst with a reload.

    Returns:
        Seconds until the reload was answered; nan without one.

    Raises:
        GraphQLError: the webserver did not answer, or not with the location.
    """
    if planned.phase != RELOAD:
        return float("nan")
    clock = context.tools.clock
    deadline = clock.monotonic() + context.scenario.timeouts.drain
    while clock.monotonic() < deadline:
        statuses = list(context.target.statuses(tag).values())
        if len(statuses) >= expected and all(one in AT_WORK for one in statuses):
            break
        clock.sleep(POLL_SECONDS)
    began = clock.monotonic()
    context.target.reload()
    return clock.monotonic() - began


def wait_for_one_generation(context: BurstContext, planned: PlannedBurst) -> None:
    """After a reload, return when the servers of the code as it was before are gone.

    Raises:
        ExperimentError: they did not go.
    """
    if planned.phase != RELOAD:
        return
    clock, timeout = context.tools.clock, context.scenario.timeouts.drain
    deadline = clock.monotonic() + timeout
    while clock.monotonic() < deadline:
        walks = context.sources.latest_walks() or {}
        if all(most_generations(walk) < 2 for walk in walks.values()):
            return
        context.deployment.check()
        clock.sleep(POLL_SECONDS)
    raise ExperimentError(f"the code server from before the reload had not ended after {timeout:g}s")


def most_generations(walk: pd.DataFrame) -> int:
    """How many servers of one location there are in a walk of the processes: those below the same proxy."""
    servers = walk[(walk["role"] == "server") & (walk["status"] != "zombie")]
    below = servers[servers["ppid"].isin(servers["pid"])]
    return int(below.groupby("ppid").size().max()) if len(below) else 0


def overlap_seconds(processes: pd.DataFrame) -> float:
    """How long two generations of a server lived side by side; nan where no process was read."""
    if processes.empty:
        return float("nan")
    instants = [
        float(str(at))
        for at, walk in processes[processes["role"] == "server"].groupby("at_epoch_seconds")
        if most_generations(walk) > 1
    ]
    return max(instants) - min(instants) if instants else 0.0

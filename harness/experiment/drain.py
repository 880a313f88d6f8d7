"""Waiting for a code server: until it rests before a burst, and until nothing of the burst is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from harness.errors import ExperimentError
from harness.experiment.context import BurstContext
from harness.stack.base import Loss
from harness.target.graphql import GraphQLError
from harness.target.run_histories import TERMINAL, run_statuses

IDLE_SECONDS = 1.0
"""Length of the quiet time before each burst; the idle values are taken from it."""
IDLE_JITTER_CORES = 0.15
"""CPU use of two successive half idle times may differ by this much; more, and the server is still busy."""
POLL_SECONDS = 0.4
STACK_WORD_SECONDS = 1.0
"""How long the stack may take to learn that one of its parts has ended."""
AFTERMATH_SECONDS = 5.0
"""After a code server was lost and no run is alive any more, for the statuses to settle."""


@dataclass(frozen=True)
class Drained:
    """How the wait after a burst ended."""

    whole: bool
    """Every run reached a final status and its processes are gone."""
    losses: tuple[Loss, ...] = ()
    """Code servers that died in the burst."""
    broken: str = ""
    """Why the stack cannot go on; empty where it can."""


def wait_until_idle(context: BurstContext, timeout: float) -> float:
    """Wait for a whole quiet time of every replica; returns the instant it began.

    Raises:
        ExperimentError: it did not come to rest in time, or died.
    """

    def quiet_since() -> float | None:
        walks = context.samplers.latest_walks()
        if walks is None or any(_runs_alive(walk) for walk in walks.values()):
            return None
        began = [_quiet_since(recent) for recent in context.samplers.peek_samples().values()]
        known = [instant for instant in began if instant is not None]
        return max(known) if len(known) == len(began) else None

    began = _wait_for(context, quiet_since, timeout)
    if began is None:
        raise ExperimentError(
            f"the code server did not come to rest within {timeout:g}s before a burst; raise timeouts.idle, "
            "or look in logs/ for what keeps it busy"
        )
    return began


def drain(context: BurstContext, tag: tuple[str, str], expected: int, timeout: float) -> Drained:
    """Wait until every one of `expected` runs is terminal and its processes are gone.

    A code server that was lost takes its runs with it: then it is enough that no run is alive any more.
    """

    def all_terminal() -> float | None:
        try:
            statuses = run_statuses(context.client, tag)
        except GraphQLError:
            return None  # a webserver under load may miss one poll; the time-out still holds
        ended = sum(status in TERMINAL for status in statuses.values())
        whole = ended >= expected and ended == len(statuses)
        return time.time() if whole or context.stack.losses else None

    def processes_gone(since: float) -> float | None:
        walks = context.samplers.latest_walks()
        if walks is None or any(float(w["at_epoch_seconds"].iloc[0]) < since for w in walks.values()):
            return None
        return None if any(_runs_alive(walk) for walk in walks.values()) else time.time()

    try:
        ended_at = _wait_for(context, all_terminal, timeout)
        if ended_at is None:
            return Drained(False)
        gone = _wait_for(context, lambda: processes_gone(ended_at), timeout)
        if context.stack.losses:
            time.sleep(AFTERMATH_SECONDS)
            return Drained(False, context.stack.losses)
        return Drained(gone is not None)
    except ExperimentError as error:
        return Drained(False, broken=str(error))


def _wait_for(context: BurstContext, ready: Callable[[], float | None], timeout: float) -> float | None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        _give_up_lost(context)
        try:
            answer = ready()
        except ExperimentError:
            # A sampler ends with its container: what the stack says of that end says more.
            time.sleep(STACK_WORD_SECONDS)
            context.stack.check()
            if not _give_up_lost(context):
                raise
            continue
        if answer is not None:
            return answer
        context.stack.check()
        time.sleep(POLL_SECONDS / 2)
    return None


def _give_up_lost(context: BurstContext) -> bool:
    """Expect nothing more of replicas that have died; whether there was one that we did not know of."""
    known = context.samplers.lost
    new = [loss.replica for loss in context.stack.losses if loss.replica not in known]
    for name in new:
        context.samplers.lose(name)
    return bool(new)


def _quiet_since(samples: pd.DataFrame) -> float | None:
    """Begin of the last quiet time of one replica, if its latest samples are one."""
    now = float(samples["at_epoch_seconds"].max()) if len(samples) else 0.0
    recent = samples[samples["at_epoch_seconds"] >= now - IDLE_SECONDS]
    if len(recent) < 4 or now - float(recent["at_epoch_seconds"].iloc[0]) < 0.9 * IDLE_SECONDS:
        return None
    middle = len(recent) // 2
    if abs(_cores(recent.iloc[:middle]) - _cores(recent.iloc[middle:])) > IDLE_JITTER_CORES:
        return None
    return float(recent["at_epoch_seconds"].iloc[0])


def _runs_alive(processes: pd.DataFrame) -> bool:
    working = processes["role"].isin(["run", "step"]) & (processes["status"] != "zombie")
    return bool(working.any())


def _cores(samples: pd.DataFrame) -> float:
    elapsed = samples["at_epoch_seconds"].iloc[-1] - samples["at_epoch_seconds"].iloc[0]
    used = samples["cpu_seconds"].iloc[-1] - samples["cpu_seconds"].iloc[0]
    return float(used / elapsed) if elapsed > 0 else 0.0

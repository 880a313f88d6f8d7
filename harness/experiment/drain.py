"""Waiting for a code server: until it rests before a burst, and until nothing of the burst is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.errors import ExperimentError
from harness.experiment.context import BurstContext
from harness.stack.base import Loss
from harness.target.graphql import GraphQLError
from harness.target.run_histories import TERMINAL
from harness.target.target import Tag

POLL_SECONDS = 0.2
LOOK_SECONDS = 0.1
"""Between two looks at readings, which ask nobody but the sampler."""
STACK_WORD_SECONDS = 1.0
"""How long the stack may take to learn that one of its parts has ended."""
AFTERMATH_SECONDS = 5.0
"""After a code server was lost and no run is alive any more, for the statuses to settle."""


@dataclass(frozen=True)
class Drained:
    """How the wait after a burst ended."""

    whole: bool
    """Every run reached a final status and nothing is left of it."""
    losses: tuple[Loss, ...] = ()
    """Code servers that died in the burst."""
    broken: str = ""
    """Why the deployment cannot go on; empty where it can."""


def wait_until_idle(context: BurstContext, timeout: float) -> float:
    """Wait for a whole quiet time of every replica; returns the instant it began, in epoch seconds.

    Raises:
        ExperimentError: it did not come to rest in time, or died.
    """

    def quiet_since() -> float | None:
        context.sources.read()  # what was read until now has arrived then, and not only the last batch
        return context.presence.quiet_since()

    began = _wait_for(context, quiet_since, timeout, LOOK_SECONDS)
    if began is None:
        raise ExperimentError(
            f"the code server did not come to rest within {timeout:g}s before a burst; raise timeouts.idle, "
            "or look in logs/ for what keeps it busy"
        )
    return began


def drain(
    context: BurstContext, tag: Tag, expected: int, timeout: float, none_ends_for: float = 0.0
) -> Drained:
    """Wait until every one of `expected` runs is terminal and nothing is left of it.

    A code server that was lost takes its runs with it: then it is enough that no run is alive any more.

    Args:
        context: what the bursts of a cell share.
        tag: of the runs.
        expected: how many there are.
        timeout: for each of the two waits, in seconds.
        none_ends_for: so many seconds no run can have ended, and the webserver is left in peace.
    """
    clock, deployment = context.tools.clock, context.deployment

    def lost() -> float | None:
        return clock.now() if deployment.losses else None

    def all_terminal() -> float | None:
        try:
            statuses = context.target.statuses(tag)
        except GraphQLError:
            return None  # a webserver under load may miss one poll; the time-out still holds
        ended = sum(status in TERMINAL for status in statuses.values())
        whole = ended >= expected and ended == len(statuses)
        return clock.now() if whole or deployment.losses else None

    def gone(since: float) -> float | None:
        return clock.now() if context.presence.gone(since) else None

    try:
        _wait_for(context, lost, none_ends_for)
        ended_at = _wait_for(context, all_terminal, timeout)
        if ended_at is None:
            return Drained(False)
        with context.watch.at("drain"):
            gone_at = _wait_for(context, lambda: gone(ended_at), timeout, LOOK_SECONDS)
        if deployment.losses:
            clock.sleep(AFTERMATH_SECONDS)
            return Drained(False, deployment.losses)
        return Drained(gone_at is not None)
    except ExperimentError as error:
        return Drained(False, broken=str(error))


def wait(context: BurstContext, seconds: float) -> None:
    """Let time pass; ExperimentError if something dies meanwhile that is not to be started again."""
    _wait_for(context, lambda: None, seconds)


@contextmanager
def stack_speaks_first(context: BurstContext) -> Iterator[None]:
    """A source ends with its container: what the stack says of that end says more, and is raised instead."""
    try:
        yield
    except ExperimentError:
        context.tools.clock.sleep(STACK_WORD_SECONDS)
        context.deployment.check()
        raise


def _wait_for(
    context: BurstContext,
    ready: Callable[[], float | None],
    timeout: float,
    every: float = POLL_SECONDS,
) -> float | None:
    clock, deployment = context.tools.clock, context.deployment
    deadline = clock.monotonic() + timeout
    while clock.monotonic() < deadline:
        _give_up_lost(context)
        try:
            with stack_speaks_first(context):
                answer = ready()
        except ExperimentError:
            if not _give_up_lost(context):
                raise
            continue
        if answer is not None:
            return answer
        deployment.check()
        clock.sleep(every)
    return None


def _give_up_lost(context: BurstContext) -> bool:
    """Expect nothing more of replicas that have died; whether there was one that we did not know of."""
    known = context.sources.lost
    new = [loss.replica for loss in context.deployment.losses if loss.replica not in known]
    for name in new:
        context.sources.lose(name)
    return bool(new)

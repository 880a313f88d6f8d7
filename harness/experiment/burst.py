"""One burst against a deployment: wait for idle, reset, fire, drain, record."""

from __future__ import annotations

import pandas as pd

from harness.errors import ExperimentError
from harness.experiment.context import BurstContext
from harness.experiment.drain import Drained, drain, stack_speaks_first, wait_until_idle
from harness.experiment.load_plan import load_plan
from harness.experiment.losses import killer, losses_row
from harness.experiment.plan import PlannedBurst
from harness.experiment.record import BurstOutcome, Fired, record
from harness.experiment.reload import reload_location, wait_for_one_generation
from harness.experiment.summary import BurstTimes
from harness.experiment.tables import runs_frame, steps_frame
from harness.observe.pings import no_pings
from harness.observe.source import samples_frame
from harness.target.graphql import GraphQLError
from harness.target.run_histories import RunHistory
from harness.target.target import Tag

RELEASE_DELAY_SECONDS = 0.2


def run_burst(context: BurstContext, planned: PlannedBurst, hold: float) -> BurstOutcome:
    """Fire one burst and record it.

    Args:
        context: what the bursts of a cell share.
        planned: which burst.
        hold: how long its runs last, in seconds.

    Raises:
        ExperimentError: the server died, never came to rest, or the load generator broke.
    """
    with stack_speaks_first(context):
        fired, drained = _fire(context, planned, hold)
    return record(fired, losses_row(context, drained, fired.runs), drained.broken)


def _fire(context: BurstContext, planned: PlannedBurst, hold: float) -> tuple[Fired, Drained]:
    """Everything seen of a burst, up to its last run's end."""
    tag, timeouts = context.tag(planned.order), context.scenario.timeouts
    tools, clock, sources = context.tools, context.tools.clock, context.sources
    endpoint = context.deployment.endpoint
    with tools.generator() as generator:
        kinds = context.launchables
        generator.prepare(load_plan(context.scenario, context.cell, endpoint, kinds, planned, hold, tag))
        context.forget_readings()
        idle_from = wait_until_idle(context, timeouts.idle)
        generator.wait_ready(timeouts.start)
        before, host_before = sources.reset(), tools.host()
        released = clock.now() + RELEASE_DELAY_SECONDS
        generator.release(released)
        with killer(context, planned, released):
            report = generator.finished(timeouts.launch + context.scenario.load.window)
            expected = sum(sent.outcome == "launched" for sent in report.sent)
            reload_seconds = reload_location(context, planned, tag, expected)
            drained = drain(context, tag, expected, timeouts.drain)
            if not drained.broken:
                wait_for_one_generation(context, planned)
    times = BurstTimes(idle_from, released, clock.now())
    histories = _histories(context, tag, drained.broken)
    fired = Fired(
        cell_id=context.cell.cell_id,
        planned=planned,
        hold=hold,
        times=times,
        began_at=context.began_at,
        replicas=sources.names,
        available_cores=context.available_cores,
        report=report,
        states=(before, before if drained.broken else sources.read()),
        readings=sources.take(),
        companions=_companions(context, drained.broken),
        runs=runs_frame(histories),
        steps=steps_frame(histories),
        pings=no_pings() if context.pinger is None else context.pinger.take(),
        host=(host_before, tools.host()),
        drained=drained.whole,
        reload_seconds=reload_seconds,
        source=sources.abilities,
    )
    return fired, drained


def _companions(context: BurstContext, broken: str) -> pd.DataFrame:
    """What was read of the webserver and the daemon; without rows where neither is."""
    if context.companions is None:
        return samples_frame([]).assign(replica="")
    if not broken:  # else the one that ended took its sampler with it
        context.companions.read()  # all of it has arrived then
    return context.companions.take().samples


def _histories(context: BurstContext, tag: Tag, broken: str) -> list[RunHistory]:
    """What became of the runs; nothing where the deployment is broken and no longer says."""
    try:
        return context.target.histories(tag)
    except GraphQLError as error:
        if broken:
            return []
        raise ExperimentError(f"the webserver did not tell what became of the runs: {error}") from None

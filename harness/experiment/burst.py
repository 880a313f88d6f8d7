"""One burst against a deployment: wait for idle, reset, fire, drain, record."""

from __future__ import annotations

from contextlib import ExitStack

from harness.experiment.clock import zero
from harness.experiment.context import BurstContext
from harness.experiment.drain import Drained, drain, stack_speaks_first, wait_until_idle
from harness.experiment.gather import begin, gather
from harness.experiment.load_plan import load_plan
from harness.experiment.losses import killer, losses_row
from harness.experiment.plan import PlannedBurst
from harness.experiment.record import BurstOutcome, Fired, record
from harness.experiment.reload import reload_location, wait_for_one_generation
from harness.experiment.summary import BurstTimes
from harness.experiment.ticking import let_daemon_tick
from harness.results.columns import TICKING

RELEASE_DELAY_SECONDS = 0.2


def run_burst(context: BurstContext, planned: PlannedBurst, hold: float) -> BurstOutcome:
    """Fire one burst, or let the daemon tick, and record it.

    Args:
        context: what the bursts of a cell share.
        planned: which burst.
        hold: how long its runs last, in seconds.

    Raises:
        ExperimentError: the server died, never came to rest, or the load generator broke.
    """
    with stack_speaks_first(context):
        if planned.phase == TICKING:
            with context.watch.at("ticking", whole=True):
                fired, drained = let_daemon_tick(context, planned)
        else:
            fired, drained = _fire(context, planned, hold)
    with context.watch.at("record"):
        return record(fired, losses_row(context, drained, fired.runs), drained.broken)


def _fire(context: BurstContext, planned: PlannedBurst, hold: float) -> tuple[Fired, Drained]:
    """Everything seen of a burst, up to its last run's end."""
    tag, timeouts = context.tag(planned.order), context.scenario.timeouts
    tools, clock, watch = context.tools, context.tools.clock, context.watch
    endpoint, place = context.deployment.endpoint, context.deployment.load
    with ExitStack() as killing, watch.at("hold"):
        with tools.generator() as generator:  # ends while runs hold, so that nothing waits for its end
            with watch.at("rest"):
                kinds = context.launchables
                plan = load_plan(context.scenario, context.cell, endpoint, kinds, planned, hold, tag, place)
                generator.prepare(plan)
                clock_zero = zero(clock)
                idle_from = wait_until_idle(context, timeouts.idle)
                # Asked before users connect: the webserver drops those that idle for long.
                pressure = context.deployment.node_pressure()
                generator.wait_ready(timeouts.start)
                began = begin(context, clock_zero, pressure)
            with watch.at("launch"):
                released = clock.now() + RELEASE_DELAY_SECONDS
                generator.release(released)
                killing.enter_context(killer(context, planned, released))
                report = generator.finished(timeouts.launch + context.scenario.load.window)
        expected = sum(sent.outcome == "launched" for sent in report.sent)
        reload_seconds = reload_location(context, planned, tag, expected)
        lasts = hold if context.cell.workload.holds else 0.0
        rest = min(lasts, released + lasts - clock.now())  # the clock may have been set
        drained = drain(context, tag, expected, timeouts.drain, rest)
        if not drained.broken:
            wait_for_one_generation(context, planned)
    with watch.at("record"):
        times = BurstTimes(idle_from, released, clock.now())
        fired = gather(context, planned, times, began, drained, report, hold, reload_seconds)
    context.forget_readings()  # the next burst's quiet time may begin while this one is written down
    return fired, drained

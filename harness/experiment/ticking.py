"""Ticks that the daemon makes by itself: a quiet time, then as long a time with sensors turned on."""

from __future__ import annotations

from harness.errors import ExperimentError
from harness.experiment.clock import zero
from harness.experiment.context import BurstContext
from harness.experiment.drain import Drained, wait, wait_until_idle
from harness.experiment.gather import begin, gather
from harness.experiment.plan import PlannedBurst
from harness.experiment.record import Fired
from harness.experiment.summary import BurstTimes
from harness.load.generator import LoadReport
from harness.results.validity import clock_was_set
from harness.target.graphql import GraphQLError
from harness.target.sensors import DaemonTick

NOBODY = LoadReport(sent=[], cpu_fraction=0.0, lateness=0.0, saturated=False, processes=0, clock_offset=0.0)
"""Report of a load generator that was not there."""


def let_daemon_tick(context: BurstContext, planned: PlannedBurst) -> tuple[Fired, Drained]:
    """Everything seen of the daemon while it evaluates sensors by itself, and while it does not.

    Raises:
        ExperimentError: it evaluated none, or one failed.
    """
    clock, ticking = context.tools.clock, context.scenario.load.ticking
    context.forget_readings()
    clock_zero = zero(clock)
    wait_until_idle(context, context.scenario.timeouts.idle)
    began, quiet_from = begin(context, clock_zero, context.deployment.node_pressure()), clock.now()
    wait(context, ticking.length)
    released = clock.now()
    try:
        context.target.start_sensors(ticking.names)
        wait(context, ticking.length)
    finally:
        context.target.stop_sensors()
    times = BurstTimes(quiet_from, released, clock.now())
    losses = context.deployment.losses
    drained = Drained(not losses, losses)
    unknown = losses or clock_was_set(zero(clock) - clock_zero)
    ticks = 0 if unknown else _evaluated(context, times)
    fired = gather(context, planned, times, began, drained, NOBODY, ticking.length, daemon_ticks=ticks)
    return fired, drained


def _evaluated(context: BurstContext, times: BurstTimes) -> int:
    """How many ticks the daemon made between release and end; ExperimentError where none, or one failed."""
    ticking = context.scenario.load.ticking
    try:
        told = context.target.daemon_ticks(ticking.names, times.released)
    except GraphQLError as error:
        raise ExperimentError(f"the webserver did not tell of the daemon's ticks: {error}") from None
    ticks: list[DaemonTick] = [one for one in told if one.began_epoch_seconds <= times.drained]
    for one in ticks:
        if one.failure:
            raise ExperimentError(f"sensor {one.sensor} failed when the daemon evaluated it: {one.failure}")
    if not ticks:
        raise ExperimentError(
            f"the daemon evaluated none of {', '.join(ticking.names)} within {ticking.length:g}s; raise "
            "load.ticking.length above their minimum interval"
        )
    return len(ticks)

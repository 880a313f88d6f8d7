"""What was seen of a burst, gathered when it is over."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from harness.errors import ExperimentError
from harness.experiment.clock import zero
from harness.experiment.context import BurstContext
from harness.experiment.drain import Drained
from harness.experiment.plan import PlannedBurst
from harness.experiment.record import Fired
from harness.experiment.summary import BurstTimes
from harness.experiment.tables import runs_frame, steps_frame
from harness.load.generator import LoadReport
from harness.observe.host import HostTimes
from harness.observe.pings import no_pings
from harness.observe.source import SourceState, samples_frame
from harness.target.graphql import GraphQLError
from harness.target.run_histories import RunHistory
from harness.target.target import Tag


@dataclass(frozen=True)
class Began:
    """The state in which a burst found everything."""

    states: dict[str, SourceState]
    """Of the sources, by replica."""
    host: HostTimes
    others: int
    """Other experiments that the machine was shared with."""
    clock_zero: float
    """That of the clock, in epoch seconds, before the burst's quiet time."""
    clock_offset: float
    """Seconds by which the clock of the code servers' machine was ahead."""
    node_pressure: str
    """What their node said it was short of."""


def begin(context: BurstContext, clock_zero: float, node_pressure: str) -> Began:
    """Start all watermarks anew, just before a burst."""
    return Began(
        context.sources.reset(),
        context.tools.host(),
        context.tools.others(context.spot),
        clock_zero,
        context.deployment.clock_offset(),
        node_pressure,
    )


def gather(
    context: BurstContext,
    planned: PlannedBurst,
    times: BurstTimes,
    began: Began,
    drained: Drained,
    report: LoadReport,
    hold: float,
    reload_seconds: float = float("nan"),
    daemon_ticks: int = 0,
) -> Fired:
    """Everything seen of a burst that has ended.

    Raises:
        ExperimentError: the webserver, or what reads, no longer tells, though nothing is known to be broken.
    """
    sources, clock_zero = context.sources, zero(context.tools.clock)
    states = (began.states, began.states if drained.broken else sources.read())
    histories = _histories(context, context.tag(planned.order), drained.broken)
    return Fired(
        cell_id=context.cell.cell_id,
        planned=planned,
        hold=hold,
        times=times,
        began_at=clock_zero + context.began_monotonic,
        replicas=sources.names,
        available_cores=context.available_cores,
        report=report,
        states=states,
        readings=sources.take(),
        companions=_companions(context, drained.broken),
        runs=runs_frame(histories),
        steps=steps_frame(histories),
        pings=no_pings() if context.pinger is None else context.pinger.take(),
        host=_host_of(*states) or (began.host, context.tools.host()),
        others=max(began.others, context.tools.others(context.spot)),
        clock_step_seconds=clock_zero - began.clock_zero,
        server_clock_offset_seconds=began.clock_offset,
        host_cpus=context.deployment.limits.host_cpus,
        node_pressure=began.node_pressure or ("" if drained.broken else context.deployment.node_pressure()),
        drained=drained.whole,
        reload_seconds=reload_seconds,
        daemon_ticks=daemon_ticks,
        source=sources.abilities,
    )


def _host_of(
    before: dict[str, SourceState], after: dict[str, SourceState]
) -> tuple[HostTimes, HostTimes] | None:
    """CPU time of the code servers' machine, which need not be this one; with replicas, of the first's."""
    for name in sorted(before.keys() & after.keys()):
        first, last = before[name].host, after[name].host
        if first is not None and last is not None and last.total > first.total:
            return first, last
    return None


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

"""Loading a deployment that runs already, and observing it meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.campaign.attached_watch import Bounds, DeploymentWatch, silent
from harness.campaign.observation import Observed, Wanted, observed, with_ticks_told
from harness.errors import ExperimentError, InputError, Interrupted
from harness.experiment.attached import AttachedLoad, AttachedOutcome
from harness.experiment.attached_plan import AttachedPlan, plan_attached
from harness.experiment.tools import Tools
from harness.interrupts import all_as_ctrl_c
from harness.metrics.source import MetricsSource
from harness.results.observed_record import OwnLoadRecord
from harness.results.observed_validity import FEWEST_RUNS, FEWEST_SCRAPES
from harness.scenario.model import Scenario
from harness.scenario.one_kind import TickWorkload
from harness.sizing.observed_lives import FEWEST_OF_A_JOB
from harness.sizing.run_lives import LOGS_READ, read_run_lives
from harness.target.endpoint import Endpoint
from harness.target.graphql import GraphQLClient
from harness.target.versions import dagster_version

READ_AGAIN_SECONDS = 5.0
MIB = 2**20


@dataclass(frozen=True)
class Attached:
    """Where the load goes, and what bounds it."""

    endpoint: Endpoint
    instance: str
    """Address of the deployment, without secrets."""
    select: str
    bounds: Bounds
    name: str
    """Of the result."""


def check_levels(scenario: Scenario, highest: int) -> None:
    """Raise InputError where the scenario's load is none for a deployment that runs already."""
    if any(isinstance(workload, TickWorkload) for workload in scenario.workloads):
        raise InputError("workloads: ticks cannot be observed in a deployment; leave `tick:` entries out")
    if scenario.load.width is not None:
        raise InputError("load.width: bursts on a deployment are planned as a whole; leave it out")
    above = [level for level in scenario.load.levels if level > highest]
    if above:
        raise InputError(
            f"load.levels: {above[-1]} is more than --highest {highest}; leave it out, or allow more"
        )
    if len(scenario.load.levels) < 2:
        raise InputError("load.levels: two or more are needed to tell a run from the server alone")


def load_attached(
    scenario: Scenario,
    where: Attached,
    source: MetricsSource,
    client: GraphQLClient,
    say: Callable[[str], None],
    tools: Tools,
) -> Observed:
    """Fire the scenario's bursts at a deployment, and read what its metrics and runs tell of that time.

    Args:
        scenario: that `check_levels` lets pass; its workloads, load, time-outs and seed count.
        where: the deployment.
        source: of its metrics.
        client: of its webserver.
        say: told how it goes on, in lines.
        tools: what loads, asks and waits.

    Raises:
        InputError: something does not fit the deployment.
        ExperimentError: it was stopped in its first burst; runs of ours were ended.
        Interrupted: by the user or the system; runs of ours were ended.
    """
    began, experiment_id = tools.clock.now(), uuid.uuid4().hex[:12]
    watch = DeploymentWatch(source, client, where.bounds, experiment_id, tools.clock)
    plan = _plan(scenario, watch.interval)
    load = AttachedLoad(scenario, where.endpoint, tools, experiment_id, say)
    say(_foreseen(plan, watch))
    try:
        with all_as_ctrl_c():
            outcome = load.run(plan, watch)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted, and its runs were ended; what was measured is in the metrics system: "
            f"dagster-sizing observe {where.instance} --days "
            f"{(tools.clock.now() - began) / 86400:.3f} --metrics ..."
        ) from None
    finally:
        load.close()
    if not outcome.bursts and outcome.stopped:
        raise ExperimentError(f"stopped before anything was measured: {outcome.stopped}")
    if outcome.stopped:
        say(f"stopped: {outcome.stopped}")
    until = tools.clock.now()
    say("waiting for the last readings")
    _wait_for_readings(watch, until, tools)
    wanted = Wanted(
        instance=where.instance,
        locations=(where.endpoint.location,),
        since=began,
        until=until,
        source=source.name,
        select=where.select,
        name=where.name,
        seed=scenario.seed,
        own_load=_own_load(scenario.load.levels, where.bounds.highest, watch, outcome),
    )
    lives = read_run_lives(client, began, silent, max(LOGS_READ, outcome.runs + watch.foreign_runs))
    wanted = with_ticks_told(wanted, client, say)
    return observed(wanted, lives, source.read(began, until, silent), dagster_version(client))


def _plan(scenario: Scenario, interval: float) -> AttachedPlan:
    load, number = scenario.load, len(scenario.workloads)
    needed = (FEWEST_SCRAPES, FEWEST_RUNS, FEWEST_OF_A_JOB)
    return plan_attached(number, load.levels, load.repeats, interval, needed, scenario.seed)


def _foreseen(plan: AttachedPlan, watch: DeploymentWatch) -> str:
    return (
        f"{len(plan.bursts)} bursts, {plan.runs} runs or more; each level is held for "
        f"{plan.hold_seconds:.0f}s, as readings come every {watch.interval:.0f}s: at least "
        f"{plan.seconds / 60:.0f} minutes; stops above {watch.stop_above / MIB:,.0f} MiB"
    )


def _own_load(
    levels: Sequence[int], highest: int, watch: DeploymentWatch, outcome: AttachedOutcome
) -> OwnLoadRecord:
    return OwnLoadRecord(
        levels=tuple(levels),
        highest=highest,
        stop_above_bytes=watch.stop_above,
        bursts=outcome.bursts,
        bursts_left_out=outcome.skipped,
        runs=outcome.runs,
        foreign_runs=watch.foreign_runs,
        stopped=outcome.stopped,
    )


def _wait_for_readings(watch: DeploymentWatch, until: float, tools: Tools) -> None:
    """Until the metrics system has the last of them; or for as long as any may take."""
    deadline = tools.clock.monotonic() + watch.oldest
    while watch.newest(tools.clock.now()) < until and tools.clock.monotonic() < deadline:
        tools.clock.sleep(READ_AGAIN_SECONDS)

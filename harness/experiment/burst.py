"""One burst against a running stack: wait for idle, reset, fire, drain, record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd
import psutil

from harness.collect.client import SamplerState
from harness.collect.group import SamplerGroup
from harness.collect.histories import TERMINAL, RunHistory, run_histories, run_statuses
from harness.errors import ExperimentError
from harness.experiment.oom import oom_victims
from harness.experiment.plan import PlannedBurst
from harness.experiment.replicas import assign_replicas, replica_rows, total_processes, total_samples
from harness.experiment.summary import (
    BurstTimes,
    is_saturated,
    summarise_readings,
    summarise_runs,
)
from harness.graphql import GraphQLClient, GraphQLError, JobSelector, launch_variables
from harness.load.generator import Launch, LoadGenerator, LoadPlan, LoadReport
from harness.load.schedule import make_schedule
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.stack.base import RunningStack

TAG = "dagster-sizing/burst"
IDLE_SECONDS = 1.0
"""Length of the quiet time before each burst; the idle values are taken from it."""
IDLE_JITTER_CORES = 0.15
"""CPU use of two successive half idle times may differ by this much; more, and the server is still busy."""
RELEASE_DELAY_SECONDS = 0.2
POLL_SECONDS = 0.4
STACK_WORD_SECONDS = 1.0
"""How long the stack may take to learn that one of its parts has ended."""

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class BurstContext:
    """Everything the bursts of one cell share."""

    scenario: Scenario
    cell: Cell
    stack: RunningStack
    samplers: SamplerGroup
    client: GraphQLClient
    selector: JobSelector
    experiment_id: str
    available_cores: float


@dataclass(frozen=True)
class BurstOutcome:
    """A recorded burst: its summary and the raw tables behind it."""

    row: dict[str, Any]
    tables: Tables
    broken: str = ""
    """Why the stack cannot go on after it; empty where it can."""

    def set_aside(self) -> BurstOutcome:
        """The same burst, kept as raw data but not to be fitted."""
        bursts = self.tables["bursts"].assign(phase="disturbed")
        return replace(self, row=self.row | {"phase": "disturbed"}, tables=self.tables | {"bursts": bursts})


def run_burst(context: BurstContext, planned: PlannedBurst, hold: float) -> BurstOutcome:
    """Fire one burst and record it.

    Raises:
        ExperimentError: the server died, never came to rest, or the load generator broke.
    """
    tag = f"{context.experiment_id}-{planned.order}"
    timeouts = context.scenario.timeouts
    with LoadGenerator() as generator:
        generator.prepare(_load_plan(context, planned, hold, tag))
        context.samplers.take()
        idle_from = _wait_until_idle(context, timeouts.idle)
        generator.wait_ready(timeouts.start)
        before = context.samplers.reset()
        host_before = psutil.cpu_times()
        released = time.time() + RELEASE_DELAY_SECONDS
        generator.release(released)
        report = generator.finished(timeouts.launch + context.scenario.load.window)
    drained, broken = _drain(context, tag, report, timeouts.drain)
    times = BurstTimes(idle_from, released, time.time())
    after = before if broken else context.samplers.read()
    readings = context.samplers.take()
    launches = _launches_frame(report.launches)
    names = context.samplers.names
    runs = assign_replicas(_histories(context, tag, broken), readings.processes, names)
    samples, processes = total_samples(readings.samples), total_processes(readings.processes)
    state = _Sampling.between(before, after)
    row: dict[str, Any] = {
        "cell_id": context.cell.cell_id,
        "burst": planned.order,
        "phase": planned.phase,
        "level": planned.level,
        "repeat": planned.repeat,
        "hold_seconds": hold,
        "idle_from_epoch_seconds": times.idle_from,
        "released_epoch_seconds": times.released,
        "drained_epoch_seconds": times.drained,
        "window_seconds": times.drained - times.released,
        "drained": drained,
        "watermark_bytes": state.watermark_bytes,
        "ticks": state.ticks,
        "missed_ticks": state.missed_ticks,
        "sampler_cpu_cores": state.cpu_cores,
        "generator_cpu_fraction": report.cpu_fraction,
        "generator_lateness_seconds": report.lateness,
        "generator_saturated": report.saturated,
    }
    row |= summarise_readings(samples, processes, times)
    row |= summarise_runs(launches, runs, samples, times)
    row["oom_victims"] = "; ".join(oom_victims(readings.samples, readings.processes, runs))
    row |= _host(host_before)
    row["saturated"] = is_saturated(
        row["exec_cpu_seconds"], row["exec_window_seconds"], context.available_cores
    )
    tables = {
        "samples": readings.samples,
        "processes": readings.processes,
        "launches": launches,
        "runs": runs,
        "replicas": pd.DataFrame(replica_rows(readings.samples, readings.processes, runs, names, times)),
    }
    keyed = {
        name: frame.assign(cell_id=context.cell.cell_id, burst=planned.order)
        for name, frame in tables.items()
    }
    return BurstOutcome(row, keyed | {"bursts": pd.DataFrame([row])}, broken)


@dataclass(frozen=True)
class _Sampling:
    """What the samplers did during a burst, all replicas together."""

    watermark_bytes: float
    """Of the only replica; nan for several, whose peaks need not have come together."""
    ticks: int
    missed_ticks: int
    cpu_cores: float

    @classmethod
    def between(cls, before: dict[str, SamplerState], after: dict[str, SamplerState]) -> _Sampling:
        pairs = [(before[name], after[name]) for name in before]
        return cls(
            watermark_bytes=pairs[0][1].watermark_bytes if len(pairs) == 1 else float("nan"),
            ticks=sum(b.ticks - a.ticks for a, b in pairs),
            missed_ticks=sum(b.missed_ticks - a.missed_ticks for a, b in pairs),
            cpu_cores=sum((b.cpu_seconds - a.cpu_seconds) / max(b.at - a.at, 1e-9) for a, b in pairs),
        )


def _load_plan(context: BurstContext, planned: PlannedBurst, hold: float, tag: str) -> LoadPlan:
    load = context.scenario.load
    config = context.cell.workload.run_config_for(hold)
    variables = launch_variables(context.selector, config, {TAG: tag})
    shape = "burst" if planned.phase == "warmup" else load.shape
    offsets = make_schedule(shape, planned.level, load.window, context.scenario.seed + planned.order)
    return LoadPlan(
        url=context.stack.graphql_url,
        launches=tuple(variables for _ in range(planned.level)),
        offsets=tuple(float(offset) for offset in offsets),
        timeout_seconds=context.scenario.timeouts.launch,
        processes=min(load.processes, planned.level),
    )


def _wait_until_idle(context: BurstContext, timeout: float) -> float:
    """Wait for a whole quiet time of every replica; returns the instant it began."""

    def quiet_since() -> float | None:
        walks = context.samplers.latest_walks()
        if walks is None or any(_runs_alive(walk) for walk in walks):
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


def _drain(context: BurstContext, tag: str, report: LoadReport, timeout: float) -> tuple[bool, str]:
    """Wait until every run is terminal and its processes are gone.

    Returns whether they are, and why the stack cannot go on, if it cannot; the burst is recorded even then.
    """
    expected = sum(launch.outcome == "launched" for launch in report.launches)

    def all_terminal() -> float | None:
        try:
            statuses = run_statuses(context.client, (TAG, tag))
        except GraphQLError:
            return None  # a webserver under load may miss one poll; the time-out still holds
        ended = sum(status in TERMINAL for status in statuses.values())
        return time.time() if ended >= expected and ended == len(statuses) else None

    def processes_gone(ended_at: float) -> float | None:
        walks = context.samplers.latest_walks()
        if walks is None or any(float(walk["at_epoch_seconds"].iloc[0]) < ended_at for walk in walks):
            return None
        return None if any(_runs_alive(walk) for walk in walks) else time.time()

    try:
        ended_at = _wait_for(context, all_terminal, timeout)
        if ended_at is None:
            return False, ""
        return _wait_for(context, lambda: processes_gone(ended_at), timeout) is not None, ""
    except ExperimentError as error:
        return False, str(error)


def _histories(context: BurstContext, tag: str, broken: str) -> pd.DataFrame:
    """What became of the runs; nothing where the stack is broken and no longer says."""
    try:
        return _runs_frame(run_histories(context.client, (TAG, tag)))
    except GraphQLError as error:
        if broken:
            return _runs_frame([])
        raise ExperimentError(f"the webserver did not tell what became of the runs: {error}") from None


def _wait_for(context: BurstContext, ready: Callable[[], float | None], timeout: float) -> float | None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            answer = ready()
        except ExperimentError:
            # A sampler ends with its container: what the stack says of that end says more.
            time.sleep(STACK_WORD_SECONDS)
            context.stack.check()
            raise
        if answer is not None:
            return answer
        context.stack.check()
        time.sleep(POLL_SECONDS / 2)
    return None


def _runs_alive(processes: pd.DataFrame) -> bool:
    working = processes["role"].isin(["run", "step"]) & (processes["status"] != "zombie")
    return bool(working.any())


def _cores(samples: pd.DataFrame) -> float:
    elapsed = samples["at_epoch_seconds"].iloc[-1] - samples["at_epoch_seconds"].iloc[0]
    used = samples["cpu_seconds"].iloc[-1] - samples["cpu_seconds"].iloc[0]
    return float(used / elapsed) if elapsed > 0 else 0.0


def _host(before: Any) -> dict[str, float]:
    """Share of the host's CPU time that was stolen and that was busy since `before`."""
    after = psutil.cpu_times()
    total = sum(after[:8]) - sum(before[:8])  # guest times are already part of user times
    steal = getattr(after, "steal", 0.0) - getattr(before, "steal", 0.0)
    idle = after.idle - before.idle + getattr(after, "iowait", 0.0) - getattr(before, "iowait", 0.0)
    return {
        "host_steal_fraction": steal / total if total > 0 else 0.0,
        "host_busy_fraction": 1 - idle / total if total > 0 else 0.0,
        "host_load_1min": psutil.getloadavg()[0],
    }


def _launches_frame(launches: list[Launch]) -> pd.DataFrame:
    return pd.DataFrame([{f.name: getattr(item, f.name) for f in fields(Launch)} for item in launches])


def _runs_frame(runs: list[RunHistory]) -> pd.DataFrame:
    names = [f.name for f in fields(RunHistory)]
    frame = pd.DataFrame([{name: getattr(run, name) for name in names} for run in runs], columns=names)
    times = [name for name in names if name.endswith("_epoch_seconds")]
    return frame.astype(dict.fromkeys(times, "float64"))

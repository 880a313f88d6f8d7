"""One burst against a running stack: wait for idle, reset, fire, drain, record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd
import psutil

from harness.collect.client import Readings, SamplerClient
from harness.collect.histories import TERMINAL, RunHistory, run_histories, run_statuses
from harness.errors import ExperimentError
from harness.experiment.plan import PlannedBurst
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

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class BurstContext:
    """Everything the bursts of one cell share."""

    scenario: Scenario
    cell: Cell
    stack: RunningStack
    sampler: SamplerClient
    client: GraphQLClient
    selector: JobSelector
    experiment_id: str
    available_cores: float


@dataclass(frozen=True)
class BurstOutcome:
    """A recorded burst: its summary and the raw tables behind it."""

    row: dict[str, Any]
    tables: Tables


def run_burst(context: BurstContext, planned: PlannedBurst, hold: float) -> BurstOutcome:
    """Fire one burst and record it.

    Raises:
        ExperimentError: the server died, never came to rest, or the load generator broke.
    """
    tag = f"{context.experiment_id}-{planned.order}"
    timeouts = context.scenario.timeouts
    with LoadGenerator() as generator:
        generator.prepare(_load_plan(context, planned, hold, tag))
        context.sampler.take()
        idle_from = _wait_until_idle(context, timeouts.idle)
        generator.wait_ready(timeouts.start)
        before = context.sampler.reset()
        host_before = psutil.cpu_times()
        released = time.time() + RELEASE_DELAY_SECONDS
        generator.release(released)
        report = generator.finished(timeouts.launch + context.scenario.load.window)
    drained = _drain(context, tag, report, timeouts.drain)
    times = BurstTimes(idle_from, released, time.time())
    after = context.sampler.read()
    readings = context.sampler.take()
    launches = _launches_frame(report.launches)
    runs = _runs_frame(run_histories(context.client, (TAG, tag)))
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
        "watermark_bytes": after.watermark_bytes,
        "ticks": after.ticks - before.ticks,
        "missed_ticks": after.missed_ticks - before.missed_ticks,
        "sampler_cpu_cores": (after.cpu_seconds - before.cpu_seconds) / max(after.at - before.at, 1e-9),
        "generator_cpu_fraction": report.cpu_fraction,
        "generator_lateness_seconds": report.lateness,
        "generator_saturated": report.saturated,
    }
    row |= summarise_readings(readings.samples, readings.processes, times)
    row |= summarise_runs(launches, runs, readings.samples, times)
    row |= _host(host_before)
    row["saturated"] = is_saturated(
        row["exec_cpu_seconds"], row["exec_window_seconds"], context.available_cores
    )
    return BurstOutcome(row, _tables(context, planned, row, readings, launches, runs))


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
    """Wait for a whole quiet time; returns the instant it began."""

    def quiet_since() -> float | None:
        sample, processes = context.sampler.latest()
        if sample is None or processes is None or _runs_alive(processes):
            return None
        recent = context.sampler.peek_samples()
        now = float(recent["at_epoch_seconds"].max()) if len(recent) else 0.0
        recent = recent[recent["at_epoch_seconds"] >= now - IDLE_SECONDS]
        if len(recent) < 4 or now - float(recent["at_epoch_seconds"].iloc[0]) < 0.9 * IDLE_SECONDS:
            return None
        middle = len(recent) // 2
        if abs(_cores(recent.iloc[:middle]) - _cores(recent.iloc[middle:])) > IDLE_JITTER_CORES:
            return None
        return float(recent["at_epoch_seconds"].iloc[0])

    began = _wait_for(context, quiet_since, timeout)
    if began is None:
        raise ExperimentError(
            f"the code server did not come to rest within {timeout:g}s before a burst; raise timeouts.idle, "
            "or look in logs/ for what keeps it busy"
        )
    return began


def _drain(context: BurstContext, tag: str, report: LoadReport, timeout: float) -> bool:
    """Wait until every run is terminal and its processes are gone; false on time-out."""
    expected = sum(launch.outcome == "launched" for launch in report.launches)

    def all_terminal() -> float | None:
        try:
            statuses = run_statuses(context.client, (TAG, tag))
        except GraphQLError:
            return None  # a webserver under load may miss one poll; the time-out still holds
        ended = sum(status in TERMINAL for status in statuses.values())
        return time.time() if ended >= expected and ended == len(statuses) else None

    ended_at = _wait_for(context, all_terminal, timeout)
    if ended_at is None:
        return False

    def processes_gone() -> float | None:
        _, processes = context.sampler.latest()
        if processes is None or float(processes["at_epoch_seconds"].iloc[0]) < ended_at:
            return None
        return None if _runs_alive(processes) else time.time()

    return _wait_for(context, processes_gone, timeout) is not None


def _wait_for(context: BurstContext, ready: Callable[[], float | None], timeout: float) -> float | None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        answer = ready()
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


def _tables(
    context: BurstContext,
    planned: PlannedBurst,
    row: dict[str, Any],
    readings: Readings,
    launches: pd.DataFrame,
    runs: pd.DataFrame,
) -> Tables:
    tables = {
        "samples": readings.samples.assign(replica=context.stack.replicas[0].name),
        "processes": readings.processes.assign(replica=context.stack.replicas[0].name),
        "launches": launches,
        "runs": runs,
    }
    keyed = {
        name: frame.assign(cell_id=context.cell.cell_id, burst=planned.order)
        for name, frame in tables.items()
    }
    return keyed | {"bursts": pd.DataFrame([row])}

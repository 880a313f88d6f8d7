"""One burst against a running stack: wait for idle, reset, fire, drain, record."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import psutil

from harness.errors import ExperimentError
from harness.experiment.abandon import abandon
from harness.experiment.context import BurstContext
from harness.experiment.drain import Drained, drain, wait_until_idle
from harness.experiment.oom import oom_victims
from harness.experiment.plan import PlannedBurst
from harness.experiment.replica_totals import assign_replicas, replica_rows, total_processes, total_samples
from harness.experiment.summary import (
    BurstTimes,
    is_saturated,
    summarise_pings,
    summarise_readings,
    summarise_runs,
    summarise_ticks,
)
from harness.experiment.tables import launches_frame, pings_frame, runs_frame, ticks_frame
from harness.load.generator import LoadGenerator, LoadPlan
from harness.load.requests import Request, launch, tick
from harness.load.schedule import make_schedule
from harness.observe.client import SamplerState
from harness.observe.pings import no_pings
from harness.scenario.workload import TickWorkload
from harness.target.graphql import GraphQLError, JobSelector
from harness.target.run_histories import TERMINAL, run_histories

RELEASE_DELAY_SECONDS = 0.2

Tables = dict[str, pd.DataFrame]


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
    tag = context.tag(planned.order)
    timeouts = context.scenario.timeouts
    with LoadGenerator() as generator:
        generator.prepare(_load_plan(context, planned, hold, tag))
        _forget_readings(context)
        idle_from = wait_until_idle(context, timeouts.idle)
        generator.wait_ready(timeouts.start)
        before = context.samplers.reset()
        host_before = psutil.cpu_times()
        released = time.time() + RELEASE_DELAY_SECONDS
        generator.release(released)
        with _killer(context, planned, released):
            report = generator.finished(timeouts.launch + context.scenario.load.window)
            expected = sum(sent.outcome == "launched" for sent in report.sent)
            drained = drain(context, tag, expected, timeouts.drain)
    times = BurstTimes(idle_from, released, time.time())
    state = _Sampling.between(before, before if drained.broken else context.samplers.read())
    readings = context.samplers.take()
    launches, ticks = launches_frame(report.sent), ticks_frame(report.sent)
    names = context.samplers.names
    runs = assign_replicas(_histories(context, tag, drained.broken), readings.processes, names)
    samples, processes = total_samples(readings.samples), total_processes(readings.processes)
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
        "drained": drained.whole,
        "watermark_bytes": state.watermark_bytes,
        "readings": state.readings,
        "missed_readings": state.missed_readings,
        "sampler_cpu_cores": state.cpu_cores,
        "generator_cpu_fraction": report.cpu_fraction,
        "generator_lateness_seconds": report.lateness,
        "generator_saturated": report.saturated,
    }
    row |= summarise_readings(samples, processes, times)
    row |= summarise_runs(launches, runs, samples, times)
    row |= summarise_ticks(ticks, times)
    pings = _pings(context, runs, launches, ticks)
    row |= summarise_pings(pings)
    row["oom_victims"] = "; ".join(oom_victims(readings.samples, readings.processes, runs))
    row |= _host(host_before)
    row["saturated"] = is_saturated(
        row["exec_cpu_seconds"], row["exec_window_seconds"], context.available_cores
    )
    row["runs_stuck"] = int((~runs["status"].isin(TERMINAL)).sum())
    row |= _losses(context, drained, runs)
    tables = {
        "samples": readings.samples,
        "processes": readings.processes,
        "launches": launches,
        "ticks": ticks,
        "runs": runs,
        "pings": pings,
        "replicas": pd.DataFrame(replica_rows(readings.samples, readings.processes, runs, names, times)),
    }
    keyed = {
        name: frame.assign(cell_id=context.cell.cell_id, burst=planned.order)
        for name, frame in tables.items()
    }
    return BurstOutcome(row, keyed | {"bursts": pd.DataFrame([row])}, drained.broken)


@dataclass(frozen=True)
class _Sampling:
    """What the samplers did during a burst, all living replicas together."""

    watermark_bytes: float
    """Of the only replica; nan for several, whose peaks need not have come together."""
    readings: int
    missed_readings: int
    cpu_cores: float

    @classmethod
    def between(cls, before: dict[str, SamplerState], after: dict[str, SamplerState]) -> _Sampling:
        pairs = [(before[name], after[name]) for name in after]
        return cls(
            watermark_bytes=pairs[0][1].watermark_bytes if len(before) == len(pairs) == 1 else float("nan"),
            readings=sum(b.ticks - a.ticks for a, b in pairs),
            missed_readings=sum(b.missed_ticks - a.missed_ticks for a, b in pairs),
            cpu_cores=sum((b.cpu_seconds - a.cpu_seconds) / max(b.at - a.at, 1e-9) for a, b in pairs),
        )


def _load_plan(context: BurstContext, planned: PlannedBurst, hold: float, tag: tuple[str, str]) -> LoadPlan:
    load = context.scenario.load
    shape = "burst" if planned.phase == "warmup" else load.shape
    offsets = make_schedule(shape, planned.level, load.window, context.scenario.seed + planned.order)
    fired = list(zip(map(float, offsets), _requests(context, planned, hold, tag), strict=True))
    fired = sorted(fired + _ticks_beside(context, planned), key=lambda one: one[0])
    return LoadPlan(
        url=context.stack.graphql_url,
        requests=tuple(request for _, request in fired),
        offsets=tuple(offset for offset, _ in fired),
        timeout_seconds=context.scenario.timeouts.launch,
        processes=min(load.processes, len(fired)),
    )


def _requests(
    context: BurstContext, planned: PlannedBurst, hold: float, tag: tuple[str, str]
) -> list[Request]:
    workload, stack = context.cell.workload, context.stack
    if isinstance(workload, TickWorkload):
        return [tick(workload.kind, stack.location, stack.repository, workload.tick)] * planned.level
    warmup = planned.phase == "warmup"
    return [
        launch(
            JobSelector(stack.location, stack.repository, runs.job),
            (runs.for_warmup() if warmup else runs).run_config_for(hold),
            dict([tag]),
        )
        for runs in workload.runs_of(planned.level)
    ]


def _ticks_beside(context: BurstContext, planned: PlannedBurst) -> list[tuple[float, Request]]:
    workload, stack = context.cell.workload, context.stack
    beside = None if isinstance(workload, TickWorkload) else workload.ticks
    if beside is None or planned.phase == "warmup":
        return []
    request = tick(beside.kind, stack.location, stack.repository, beside.tick)
    return [(0.0, request)] * beside.count


@contextmanager
def _killer(context: BurstContext, planned: PlannedBurst, released: float) -> Iterator[None]:
    """Kill the busiest code server when its time has come, if the scenario asks for it."""
    after = context.scenario.load.lose_server_after
    if not after or planned.phase == "warmup":
        yield
        return

    def kill() -> None:
        walks = context.samplers.latest_walks() or {}
        running = {name: int((walk["role"] == "run").sum()) for name, walk in walks.items()}
        context.stack.kill(max(running, key=lambda name: running[name]))

    timer = threading.Timer(released + after - time.time(), kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _losses(context: BurstContext, drained: Drained, runs: pd.DataFrame) -> dict[str, Any]:
    """What was lost in the burst; starts it again, with nothing left of the burst's runs."""
    row: dict[str, Any] = {
        "lost_replica": "; ".join(loss.replica for loss in drained.losses),
        "lost_at_epoch_seconds": float("nan"),
        "lost_cause": "",
        "back_after_seconds": float("nan"),
    }
    if not drained.losses:
        return row
    first = min(drained.losses, key=lambda loss: loss.at_epoch_seconds)
    killed = context.scenario.load.lose_server_after and first.cause == "exit"
    abandon(context.client, runs)
    began = time.monotonic()
    context.revive()
    return row | {
        "lost_at_epoch_seconds": first.at_epoch_seconds,
        "lost_cause": "killed" if killed else first.cause,
        "back_after_seconds": time.monotonic() - began,
    }


def _forget_readings(context: BurstContext) -> None:
    context.samplers.take()
    if context.pinger is not None:
        context.pinger.take()


def _pings(
    context: BurstContext, runs: pd.DataFrame, launches: pd.DataFrame, ticks: pd.DataFrame
) -> pd.DataFrame:
    taken = no_pings() if context.pinger is None else context.pinger.take()
    return pings_frame(taken, runs, launches, ticks)


def _histories(context: BurstContext, tag: tuple[str, str], broken: str) -> pd.DataFrame:
    """What became of the runs; nothing where the stack is broken and no longer says."""
    try:
        return runs_frame(run_histories(context.client, tag))
    except GraphQLError as error:
        if broken:
            return runs_frame([])
        raise ExperimentError(f"the webserver did not tell what became of the runs: {error}") from None


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

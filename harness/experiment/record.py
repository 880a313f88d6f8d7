"""What is written of a burst: its raw tables, and its row in the table of bursts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from harness.experiment.health_checks import without_checks
from harness.experiment.oom import oom_victims
from harness.experiment.plan import PlannedBurst
from harness.experiment.reload import overlap_seconds
from harness.experiment.replica_totals import assign_replicas, replica_rows, total_processes, total_samples
from harness.experiment.summary import (
    BurstTimes,
    first_failure,
    is_saturated,
    processes_left,
    summarise_companions,
    summarise_pings,
    summarise_readings,
    summarise_runs,
    summarise_ticks,
)
from harness.experiment.tables import companions_frame, launches_frame, pings_frame, ticks_frame
from harness.load.generator import LoadReport
from harness.observe.host import HostTimes, host_row
from harness.observe.source import Abilities, Readings, SourceState
from harness.results.columns import BurstRow
from harness.target.run_histories import TERMINAL

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Fired:
    """Everything that was seen of a burst."""

    cell_id: str
    planned: PlannedBurst
    hold: float
    times: BurstTimes
    began_at: float
    """When the cell's measuring began, in epoch seconds."""
    replicas: tuple[str, ...]
    available_cores: float
    report: LoadReport
    runs: pd.DataFrame
    """Histories of its runs; without the replica that ran them."""
    steps: pd.DataFrame
    """Of those runs."""
    readings: Readings
    companions: pd.DataFrame
    """Samples of the webserver and the daemon, which `replica` names."""
    pings: pd.DataFrame
    states: tuple[dict[str, SourceState], dict[str, SourceState]]
    """Of the sources, before and after, by replica; lost ones are missing after."""
    host: tuple[HostTimes, HostTimes]
    others: int
    """Other experiments that the machine was shared with."""
    clock_step_seconds: float
    server_clock_offset_seconds: float
    """By which the clock of the code servers' machine was ahead, before the burst."""
    host_cpus: int
    """Of the code servers' machine."""
    node_pressure: str
    """What their node said it was short of, before or after the burst."""
    drained: bool
    reload_seconds: float
    """How long a reload of the code location took; nan without one."""
    daemon_ticks: int
    """Evaluations of sensors that the daemon made by itself."""
    source: Abilities
    """Of all its sources together."""


@dataclass(frozen=True)
class BurstOutcome:
    """A recorded burst: its summary and the raw tables behind it."""

    row: BurstRow
    tables: Tables
    broken: str = ""
    """Why the deployment cannot go on after it; empty where it can."""

    def set_aside(self) -> BurstOutcome:
        """The same burst, kept as raw data but not to be fitted."""
        row = replace(self.row, phase="disturbed")
        return replace(self, row=row, tables=self.tables | {"bursts": _table(row)})


def record(fired: Fired, lost: dict[str, Any], broken: str) -> BurstOutcome:
    """The tables of a burst and its row.

    Args:
        fired: what was seen of it.
        lost: columns on the code servers that were lost in it.
        broken: why the deployment cannot go on after it; empty where it can.
    """
    readings, report, times = fired.readings, fired.report, fired.times
    launches, ticks = launches_frame(report.sent), ticks_frame(report.sent)
    runs = assign_replicas(fired.runs, readings.processes, fired.replicas)
    walked = total_processes(readings.processes)
    samples, processes = without_checks(total_samples(readings.samples), walked)
    pings = pings_frame(fired.pings, runs, launches, ticks)
    row = lost | _plan_row(fired) | _sources_row(*fired.states) | _generator_row(report)
    if len(processes) < len(walked):
        row["watermark_bytes"] = float("nan")  # the kernel's knows nothing of health checks
    row |= summarise_readings(samples, processes, times)
    row |= {"reload_seconds": fired.reload_seconds, "overlap_seconds": overlap_seconds(processes)}
    row["daemon_ticks"] = fired.daemon_ticks
    row["processes_left"] = processes_left(processes, fired.began_at, times)
    row |= summarise_runs(launches, runs, samples, times)
    row |= summarise_ticks(ticks, times)
    row |= summarise_pings(pings)
    row |= summarise_companions(fired.companions, launches, times)
    row["oom_victims"] = "; ".join(oom_victims(readings.samples, readings.processes, runs))
    row |= host_row(*fired.host)
    row |= {"others": fired.others, "clock_step_seconds": fired.clock_step_seconds}
    row["server_clock_offset_seconds"] = fired.server_clock_offset_seconds
    row |= {"node_pressure": fired.node_pressure, "foreign_cpu_cores": _foreign_cores(row, fired)}
    row["saturated"] = is_saturated(
        row["exec_cpu_seconds"], row["exec_window_seconds"], fired.available_cores
    )
    row["failure"] = first_failure(launches, ticks, runs)
    row["runs_stuck"] = int((~runs["status"].isin(TERMINAL)).sum())
    replicas = replica_rows(readings.samples, readings.processes, runs, fired.replicas, times)
    tables = {
        "samples": readings.samples,
        "processes": readings.processes,
        "launches": launches,
        "ticks": ticks,
        "runs": runs,
        "steps": fired.steps,
        "pings": pings,
        "replicas": pd.DataFrame(replicas),
        "companions": companions_frame(fired.companions),
    }
    keyed = {
        name: frame.assign(cell_id=fired.cell_id, burst=fired.planned.order) for name, frame in tables.items()
    }
    known = BurstRow(**row)
    return BurstOutcome(known, keyed | {"bursts": _table(known)}, broken)


def _table(row: BurstRow) -> pd.DataFrame:
    return pd.DataFrame([asdict(row)])


def _foreign_cores(row: Mapping[str, Any], fired: Fired) -> float:
    """CPU that others took on the code server's machine; nan with replicas, which may have several."""
    if len(fired.replicas) > 1:
        return float("nan")
    own = row["cpu_seconds"] / row["window_seconds"] + row["sampler_cpu_cores"]
    foreign = float(row["host_busy_fraction"] * fired.host_cpus - own)
    return 0.0 if foreign < 0 else foreign  # nan where a lost server no longer tells what it took


def _plan_row(fired: Fired) -> dict[str, Any]:
    planned, times = fired.planned, fired.times
    return {
        "cell_id": fired.cell_id,
        "burst": planned.order,
        "phase": planned.phase,
        "level": planned.level,
        "repeat": planned.repeat,
        "hold_seconds": fired.hold,
        "idle_from_epoch_seconds": times.idle_from,
        "released_epoch_seconds": times.released,
        "drained_epoch_seconds": times.drained,
        "window_seconds": times.drained - times.released,
        "drained": fired.drained,
        "source": fired.source.kind,
        "node": fired.source.node,
        "clock_offset_seconds": fired.source.clock_offset_seconds,
    }


def _sources_row(before: dict[str, SourceState], after: dict[str, SourceState]) -> dict[str, Any]:
    """What the sources did during a burst, all living replicas together.

    A watermark is that of the only replica: the peaks of several need not have come together.
    """
    pairs = [(before[name], after[name]) for name in after]
    return {
        "watermark_bytes": pairs[0][1].watermark_bytes if len(before) == len(pairs) == 1 else float("nan"),
        "readings": sum(b.readings - a.readings for a, b in pairs),
        "missed_readings": sum(b.missed_readings - a.missed_readings for a, b in pairs),
        "sampler_cpu_cores": sum((b.cpu_seconds - a.cpu_seconds) / max(b.at - a.at, 1e-9) for a, b in pairs),
    }


def _generator_row(report: LoadReport) -> dict[str, Any]:
    return {
        "generator_cpu_fraction": report.cpu_fraction,
        "generator_lateness_seconds": report.lateness,
        "generator_saturated": report.saturated,
        "generator_clock_offset_seconds": report.clock_offset,
    }

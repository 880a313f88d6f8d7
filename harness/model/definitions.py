"""The entries of the registry of constants, and how the points of each come from bursts."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

from harness.model.bursts import Bursts, Fired
from harness.model.definition import Definition, Kind, Points
from harness.model.intervals import Estimate, estimate_mean
from harness.model.leak import estimate_leak
from harness.model.leak_rule import LEAKS, is_leak
from harness.model.linear import Array

_RUNS: tuple[Fired, ...] = ("runs",)
_TICKS: tuple[Fired, ...] = ("ticks",)
_BOTH: tuple[Fired, ...] = ("runs", "ticks")
_WORK = ("cpu_seconds", "window_seconds", "idle_cpu_cores")


def _against_concurrency(column: str, bursts: Bursts) -> Points:
    return Points("slope", bursts.concurrency, bursts.columns[column])


def _memory(part: Literal["base", "slope"], bursts: Bursts) -> Points:
    return Points(part, bursts.concurrency, peaks_without_leak(bursts))


def peaks_without_leak(bursts: Bursts) -> Array:
    """The peaks as they would have been if memory did not leak; as they are where it does not."""
    peaks = bursts.columns["memory_peak_bytes"]
    if "memory_idle_bytes" not in bursts.columns:
        return peaks
    leak = estimate_leak(bursts.before, bursts.columns["memory_idle_bytes"])
    if isinstance(leak, Estimate) and is_leak(LEAKS[0], leak.low):
        return peaks - leak.value * bursts.before
    return peaks


def _growth(bursts: Bursts) -> Points:
    return Points("leak", bursts.before, bursts.columns["memory_idle_bytes"])


def _against_ended(column: str, bursts: Bursts) -> Points:
    return Points("slope", bursts.ended, bursts.columns[column])


def idle_cores(of: str, bursts: Bursts) -> Points:
    """CPU in the quiet time before each burst; `of` begins the column: empty for the code server."""
    return Points("mean", bursts.concurrency, bursts.columns[f"{of}idle_cpu_cores"])


def _apart(name: str, bursts: Bursts) -> Points:
    values = bursts.apart[name]
    return Points("mean", np.zeros(len(values)), values)


def measured_apart(name: str, unit: str, meaning: str, source: str, kind: Kind) -> Definition:
    """An entry of what is measured beside the bursts, where a scenario asks for it."""
    points = partial(_apart, name)
    return Definition(
        name, unit, meaning, source, kind, _BOTH, (name,), points, if_measured=True, compared=False
    )


def work(of: str, bursts: Bursts) -> Points:
    """CPU-seconds of each burst beyond those when idle; `of` begins the columns."""
    used, window = bursts.columns[f"{of}cpu_seconds"], bursts.columns[f"{of}window_seconds"]
    return Points("slope", bursts.ended, used - _base_cores(of, bursts) * window)


def _cores_while_running(bursts: Bursts) -> Points:
    columns = bursts.columns
    saturated = columns["saturated"].astype(bool)
    usable = ~saturated & (columns["run_seconds"] > 0)
    used = columns["exec_cpu_seconds"] - _base_cores("", bursts) * columns["exec_window_seconds"]
    cores = np.full(len(usable), np.nan)
    cores[usable] = used[usable] / columns["run_seconds"][usable]
    lacking = "that leave CPU to spare; measure lower levels" if saturated.any() else ""
    return Points("mean", bursts.concurrency, cores, lacking)


def _base_cores(of: str, bursts: Bursts) -> float:
    idle = estimate_mean(idle_cores(of, bursts).y)
    return idle.value if isinstance(idle, Estimate) else 0.0


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "base_memory_bytes",
        "bytes",
        "Memory of the code server before any run.",
        "base of memory_peak_bytes against concurrency_peak",
        "memory",
        _BOTH,
        ("memory_peak_bytes",),
        partial(_memory, "base"),
        of_one_server=True,
    ),
    Definition(
        "memory_per_run_bytes",
        "bytes",
        "Memory each concurrent run adds to the peak.",
        "slope of memory_peak_bytes against concurrency_peak",
        "memory",
        _RUNS,
        ("memory_peak_bytes",),
        partial(_memory, "slope"),
    ),
    Definition(
        "memory_per_tick_bytes",
        "bytes",
        "Memory each concurrent tick adds to the peak.",
        "slope of memory_peak_bytes against tick_concurrency_peak",
        "memory",
        _TICKS,
        ("memory_peak_bytes",),
        partial(_memory, "slope"),
    ),
    Definition(
        "leak_bytes_per_run",
        "bytes",
        "Memory that each run leaves behind for good.",
        "growth of memory_idle_bytes by runs ended before, beyond its logarithm",
        "memory",
        _RUNS,
        ("memory_idle_bytes",),
        _growth,
        compared=False,
    ),
    Definition(
        "leak_bytes_per_tick",
        "bytes",
        "Memory that each tick leaves behind for good.",
        "growth of memory_idle_bytes by ticks evaluated before, beyond its logarithm",
        "memory",
        _TICKS,
        ("memory_idle_bytes",),
        _growth,
        compared=False,
    ),
    Definition(
        "base_cpu_cores",
        "cores",
        "CPU of the idle code server.",
        "mean of idle_cpu_cores",
        "cpu",
        _BOTH,
        ("idle_cpu_cores",),
        partial(idle_cores, ""),
        of_one_server=True,
        negligible=0.02,  # a fiftieth of a core, once for the whole server
    ),
    Definition(
        "cpu_seconds_per_run",
        "seconds",
        "CPU time one run costs from launch to the end of its processes.",
        "slope of cpu_seconds, less the idle share of window_seconds, against runs ended",
        "cpu",
        _RUNS,
        _WORK,
        partial(work, ""),
        by_level=True,
    ),
    Definition(
        "cpu_seconds_per_tick",
        "seconds",
        "CPU time one tick costs the code server.",
        "slope of cpu_seconds, less the idle share of window_seconds, against ticks_evaluated",
        "cpu",
        _TICKS,
        _WORK,
        partial(work, ""),
        by_level=True,
    ),
    Definition(
        "cpu_cores_per_run",
        "cores",
        "CPU a run uses while it executes, where it is not held back.",
        "mean of exec_cpu_seconds, less the idle share, over run_seconds; bursts without saturated CPU",
        "cpu",
        _RUNS,
        ("exec_cpu_seconds", "exec_window_seconds", "run_seconds", "saturated", "idle_cpu_cores"),
        _cores_while_running,
    ),
    Definition(
        "launch_seconds_per_run",
        "seconds",
        "Time by which each further run of a burst delays the start of the last.",
        "slope of launch_span_seconds against runs ended",
        "latency",
        _RUNS,
        ("launch_span_seconds",),
        partial(_against_ended, "launch_span_seconds"),
        by_level=True,
    ),
    Definition(
        "answer_seconds_per_tick",
        "seconds",
        "Time by which each further tick of a burst delays the last answer.",
        "slope of tick_span_seconds against ticks_evaluated",
        "latency",
        _TICKS,
        ("tick_span_seconds",),
        partial(_against_ended, "tick_span_seconds"),
        by_level=True,
    ),
    Definition(
        "threads_per_run",
        "threads",
        "Threads each concurrent run adds, helpers included.",
        "slope of threads_peak against concurrency_peak",
        "count",
        _RUNS,
        ("threads_peak",),
        partial(_against_concurrency, "threads_peak"),
        negligible=0.5,  # one more in each run is a whole one
    ),
    Definition(
        "threads_per_tick",
        "threads",
        "Threads each concurrent tick adds to the code server.",
        "slope of threads_peak against tick_concurrency_peak",
        "count",
        _TICKS,
        ("threads_peak",),
        partial(_against_concurrency, "threads_peak"),
        negligible=0.5,  # one more in each run is a whole one
    ),
    Definition(
        "processes_per_run",
        "processes",
        "Processes each concurrent run adds, helpers included.",
        "slope of processes_peak against concurrency_peak",
        "count",
        _RUNS,
        ("processes_peak",),
        partial(_against_concurrency, "processes_peak"),
        negligible=0.5,  # one more in each run is a whole one
    ),
    Definition(
        "open_files_per_run",
        "files",
        "Open descriptors each concurrent run adds, sockets and pipes among them.",
        "slope of open_files_peak against concurrency_peak",
        "count",
        _RUNS,
        ("open_files_peak",),
        partial(_against_concurrency, "open_files_peak"),
    ),
    measured_apart(
        "import_seconds",
        "seconds",
        "Time that importing the code takes, in a process that has Dagster already.",
        "mean of start.imports of the cell in result.json, each a process of its own",
        "latency",
    ),
    measured_apart(
        "import_memory_bytes",
        "bytes",
        "Memory that importing the code takes, in the code server and again in each run and step.",
        "mean of start.imports of the cell in result.json, each a process of its own",
        "memory",
    ),
    measured_apart(
        "health_check_memory_bytes",
        "bytes",
        "Memory that a health check in the container holds while it runs.",
        "mean over the health checks in the table of processes, of the highest PSS of each",
        "memory",
    ),
    measured_apart(
        "health_check_cpu_seconds",
        "seconds",
        "CPU time of one health check in the container.",
        "mean over the health checks in the table of processes, as far as each was seen",
        "cpu",
    ),
    measured_apart(
        "reload_memory_bytes",
        "bytes",
        "Memory by which a reload of the code raises the peak, while two generations of the server live.",
        "mean over reloads, of memory_peak_bytes above its mean in measured bursts of that level",
        "memory",
    ),
    measured_apart(
        "reload_seconds",
        "seconds",
        "Time until a reload of the code is answered.",
        "mean over reloads, of reload_seconds",
        "latency",
    ),
    measured_apart(
        "reload_overlap_seconds",
        "seconds",
        "Time for which two generations of the server live: the old one stays until its runs have ended.",
        "mean over reloads, of overlap_seconds",
        "latency",
    ),
)
"""In the order in which constants are shown."""

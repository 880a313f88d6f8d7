"""The constants of the sizing formulas: what each is, and how it is computed from bursts.

x is always the concurrency that was observed. The registry keeps name, unit, meaning and source together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.model.intervals import Estimate, Line, NotEstimable, estimate_line, estimate_mean
from harness.model.lack_of_fit import LackOfFit, lack_of_fit
from harness.model.linear import Array


@dataclass(frozen=True)
class Definition:
    """One entry of the registry."""

    name: str
    unit: str
    meaning: str
    source: str


_DEFINITIONS = (
    Definition(
        "base_memory_bytes",
        "bytes",
        "Memory of the code server before any run.",
        "base of memory_peak_bytes against concurrency_peak",
    ),
    Definition(
        "memory_per_run_bytes",
        "bytes",
        "Memory each concurrent run adds to the peak.",
        "slope of memory_peak_bytes against concurrency_peak",
    ),
    Definition(
        "base_cpu_cores",
        "cores",
        "CPU of the idle code server.",
        "mean of idle_cpu_cores",
    ),
    Definition(
        "cpu_seconds_per_run",
        "seconds",
        "CPU time one run costs from launch to the end of its processes.",
        "slope of cpu_seconds, less the idle share of window_seconds, against runs ended",
    ),
    Definition(
        "cpu_cores_per_run",
        "cores",
        "CPU a run uses while it executes, where it is not held back.",
        "mean of exec_cpu_seconds, less the idle share, over run_seconds; bursts without saturated CPU",
    ),
    Definition(
        "launch_seconds_per_run",
        "seconds",
        "Time by which each further run of a burst delays the start of the last.",
        "slope of launch_span_seconds against runs ended",
    ),
    Definition(
        "threads_per_run",
        "threads",
        "Threads each concurrent run adds, helpers included.",
        "slope of threads_peak against concurrency_peak",
    ),
    Definition(
        "processes_per_run",
        "processes",
        "Processes each concurrent run adds, helpers included.",
        "slope of processes_peak against concurrency_peak",
    ),
    Definition(
        "memory_per_tick_bytes",
        "bytes",
        "Memory each concurrent tick adds to the peak.",
        "slope of memory_peak_bytes against tick_concurrency_peak",
    ),
    Definition(
        "cpu_seconds_per_tick",
        "seconds",
        "CPU time one tick costs the code server.",
        "slope of cpu_seconds, less the idle share of window_seconds, against ticks_evaluated",
    ),
    Definition(
        "answer_seconds_per_tick",
        "seconds",
        "Time by which each further tick of a burst delays the last answer.",
        "slope of tick_span_seconds against ticks_evaluated",
    ),
    Definition(
        "threads_per_tick",
        "threads",
        "Threads each concurrent tick adds to the code server.",
        "slope of threads_peak against tick_concurrency_peak",
    ),
)
CONSTANTS: dict[str, Definition] = {definition.name: definition for definition in _DEFINITIONS}
OF_TICKS = frozenset(name for name in CONSTANTS if "_per_tick" in name)
"""Those that only bursts of ticks give."""
OF_RUNS = frozenset(name for name in CONSTANTS if "_per_run" in name)
"""Those that only bursts of runs give."""


@dataclass(frozen=True)
class BurstArrays:
    """Measured bursts as arrays of equal length (n,); nan where a value is missing."""

    concurrency: Array
    """Observed peak of runs that executed at once."""
    runs: Array
    """Runs that ended."""
    memory_peak_bytes: Array
    threads_peak: Array
    processes_peak: Array
    idle_cpu_cores: Array
    window_seconds: Array
    """Release to drained."""
    cpu_seconds: Array
    """CPU used in the window."""
    exec_window_seconds: Array
    """First run start to last run end."""
    exec_cpu_seconds: Array
    run_seconds: Array
    """Sum over runs of start to end."""
    launch_span_seconds: Array
    """Intended instant to the last run's start."""
    saturated: NDArray[np.bool_]
    """The runs could have used more CPU than they got."""


@dataclass(frozen=True)
class Constant:
    """A constant with its interval, or the reason there is none."""

    name: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    bursts: int
    reason: str = ""
    lack_of_fit: LackOfFit | None = None


@dataclass(frozen=True)
class Points:
    """What a constant is computed from: the base or the slope of `y` against `x`, or the mean of `y`."""

    part: Literal["base", "slope", "mean"]
    x: Array
    """Shape (n,); of no account for a mean."""
    y: Array
    """Shape (n,); nan where a burst has no value."""


def points_of_runs(bursts: BurstArrays) -> dict[str, Points]:
    """Of every constant of bursts that are runs, in the order of the registry."""
    memory = (bursts.concurrency, bursts.memory_peak_bytes)
    base_cores = _base_cores(bursts)
    usable = ~bursts.saturated & (bursts.run_seconds > 0)
    used = bursts.exec_cpu_seconds - base_cores * bursts.exec_window_seconds
    cores = np.full(len(usable), np.nan)
    cores[usable] = used[usable] / bursts.run_seconds[usable]
    return {
        "base_memory_bytes": Points("base", *memory),
        "memory_per_run_bytes": Points("slope", *memory),
        "base_cpu_cores": Points("mean", bursts.concurrency, bursts.idle_cpu_cores),
        "cpu_seconds_per_run": Points("slope", bursts.runs, _work(bursts, base_cores)),
        "cpu_cores_per_run": Points("mean", bursts.concurrency, cores),
        "launch_seconds_per_run": Points("slope", bursts.runs, bursts.launch_span_seconds),
        "threads_per_run": Points("slope", bursts.concurrency, bursts.threads_peak),
        "processes_per_run": Points("slope", bursts.concurrency, bursts.processes_peak),
    }


def points_of_ticks(bursts: BurstArrays) -> dict[str, Points]:
    """Of every constant of bursts that are ticks, which run in the code server's own threads.

    `bursts` then counts ticks: `concurrency` those evaluated at once, `runs` those evaluated, and
    `launch_span_seconds` lasts until the last answer.
    """
    memory = (bursts.concurrency, bursts.memory_peak_bytes)
    return {
        "base_memory_bytes": Points("base", *memory),
        "memory_per_tick_bytes": Points("slope", *memory),
        "base_cpu_cores": Points("mean", bursts.concurrency, bursts.idle_cpu_cores),
        "cpu_seconds_per_tick": Points("slope", bursts.runs, _work(bursts, _base_cores(bursts))),
        "answer_seconds_per_tick": Points("slope", bursts.runs, bursts.launch_span_seconds),
        "threads_per_tick": Points("slope", bursts.concurrency, bursts.threads_peak),
    }


def fit_constants(bursts: BurstArrays, seed: int) -> dict[str, Constant]:
    """All constants of a cell whose bursts are runs, in the order of the registry."""
    fitted = {name: _fit(name, points, seed) for name, points in points_of_runs(bursts).items()}
    cores = fitted["cpu_cores_per_run"]
    if cores.value is None and bursts.saturated.any():
        reason = f"{cores.reason} that leave CPU to spare; measure lower levels"
        fitted["cpu_cores_per_run"] = replace(cores, reason=reason)
    return fitted


def fit_tick_constants(bursts: BurstArrays, seed: int) -> dict[str, Constant]:
    """All constants of a cell whose bursts are ticks."""
    return {name: _fit(name, points, seed) for name, points in points_of_ticks(bursts).items()}


def fit_memory(bursts: BurstArrays, seed: int) -> Line | NotEstimable:
    """The line of the memory peak against observed concurrency, for predictions."""
    return estimate_line(bursts.concurrency, bursts.memory_peak_bytes, seed)


def estimate_points(points: Points, seed: int) -> tuple[Estimate | NotEstimable, Line | None]:
    """The constant that points give, and the line it is of."""
    if points.part == "mean":
        return estimate_mean(points.y), None
    line = estimate_line(points.x, points.y, seed)
    if isinstance(line, NotEstimable):
        return line, None
    return (line.base if points.part == "base" else line.slope), line


def _base_cores(bursts: BurstArrays) -> float:
    idle = estimate_mean(bursts.idle_cpu_cores)
    return idle.value if isinstance(idle, Estimate) else 0.0


def _work(bursts: BurstArrays, base_cores: float) -> Array:
    """CPU-seconds of each burst beyond those of the idle server."""
    return bursts.cpu_seconds - base_cores * bursts.window_seconds


def _fit(name: str, points: Points, seed: int) -> Constant:
    unit = CONSTANTS[name].unit
    estimate, line = estimate_points(points, seed)
    if isinstance(estimate, NotEstimable):
        return Constant(name, unit, None, None, None, estimate.n, reason=estimate.reason)
    lack = None
    if line is not None:
        lack = lack_of_fit(line.x, line.y, float(line.fit.base), float(line.fit.slope))
    return Constant(name, unit, estimate.value, estimate.low, estimate.high, estimate.n, lack_of_fit=lack)

"""The constants of the sizing formulas: what each is, and how it is computed from bursts.

x is always the concurrency that was observed. The registry keeps name, unit, meaning and source together.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def fit_constants(bursts: BurstArrays, seed: int) -> dict[str, Constant]:
    """All constants of a cell whose bursts are runs, in the order of the registry."""
    memory = fit_memory(bursts, seed)
    idle, base_cores, work = _idle_and_work(bursts)
    return {
        "base_memory_bytes": _of_base("base_memory_bytes", memory),
        "memory_per_run_bytes": _of_slope("memory_per_run_bytes", memory),
        "base_cpu_cores": _constant("base_cpu_cores", idle),
        "cpu_seconds_per_run": _of_slope("cpu_seconds_per_run", estimate_line(bursts.runs, work, seed)),
        "cpu_cores_per_run": _constant("cpu_cores_per_run", _cores_per_run(bursts, base_cores)),
        "launch_seconds_per_run": _of_slope(
            "launch_seconds_per_run", estimate_line(bursts.runs, bursts.launch_span_seconds, seed)
        ),
        "threads_per_run": _of_slope(
            "threads_per_run", estimate_line(bursts.concurrency, bursts.threads_peak, seed)
        ),
        "processes_per_run": _of_slope(
            "processes_per_run", estimate_line(bursts.concurrency, bursts.processes_peak, seed)
        ),
    }


def fit_tick_constants(bursts: BurstArrays, seed: int) -> dict[str, Constant]:
    """All constants of a cell whose bursts are ticks, which run in the code server's own threads.

    `bursts` then counts ticks: `concurrency` those evaluated at once, `runs` those evaluated, and
    `launch_span_seconds` lasts until the last answer.
    """
    memory = fit_memory(bursts, seed)
    idle, _, work = _idle_and_work(bursts)
    return {
        "base_memory_bytes": _of_base("base_memory_bytes", memory),
        "memory_per_tick_bytes": _of_slope("memory_per_tick_bytes", memory),
        "base_cpu_cores": _constant("base_cpu_cores", idle),
        "cpu_seconds_per_tick": _of_slope("cpu_seconds_per_tick", estimate_line(bursts.runs, work, seed)),
        "answer_seconds_per_tick": _of_slope(
            "answer_seconds_per_tick", estimate_line(bursts.runs, bursts.launch_span_seconds, seed)
        ),
        "threads_per_tick": _of_slope(
            "threads_per_tick", estimate_line(bursts.concurrency, bursts.threads_peak, seed)
        ),
    }


def _idle_and_work(bursts: BurstArrays) -> tuple[Estimate | NotEstimable, float, Array]:
    """Cores of the idle server, the same as a number, and the CPU-seconds of each burst beyond them."""
    idle = estimate_mean(bursts.idle_cpu_cores)
    base_cores = idle.value if isinstance(idle, Estimate) else 0.0
    return idle, base_cores, bursts.cpu_seconds - base_cores * bursts.window_seconds


def fit_memory(bursts: BurstArrays, seed: int) -> Line | NotEstimable:
    """The line of the memory peak against observed concurrency, for constants and for predictions."""
    return estimate_line(bursts.concurrency, bursts.memory_peak_bytes, seed)


def _cores_per_run(bursts: BurstArrays, base_cores: float) -> Estimate | NotEstimable:
    usable = ~bursts.saturated & (bursts.run_seconds > 0)
    used = bursts.exec_cpu_seconds - base_cores * bursts.exec_window_seconds
    estimate = estimate_mean(used[usable] / bursts.run_seconds[usable])
    if isinstance(estimate, NotEstimable) and bursts.saturated.any():
        return NotEstimable(f"{estimate.reason} that leave CPU to spare; measure lower levels", estimate.n)
    return estimate


def _of_base(name: str, line: Line | NotEstimable) -> Constant:
    return _constant(name, line.base if isinstance(line, Line) else line, line)


def _of_slope(name: str, line: Line | NotEstimable) -> Constant:
    return _constant(name, line.slope if isinstance(line, Line) else line, line)


def _constant(
    name: str, estimate: Estimate | NotEstimable, line: Line | NotEstimable | None = None
) -> Constant:
    unit = CONSTANTS[name].unit
    if isinstance(estimate, NotEstimable):
        return Constant(name, unit, None, None, None, estimate.n, reason=estimate.reason)
    lack = None
    if isinstance(line, Line):
        lack = lack_of_fit(line.x, line.y, float(line.fit.base), float(line.fit.slope))
    return Constant(name, unit, estimate.value, estimate.low, estimate.high, estimate.n, lack_of_fit=lack)

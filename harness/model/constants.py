"""The constants of the sizing formulas: one registry of what each is and how it comes from bursts.

x is always the concurrency that was observed. A new constant is one entry: its points, its unit, what kind
of figure it is, and the columns of the table of bursts that it needs. Where a result lacks one of them the
constant is not measured there, which is said and is no error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from harness.model.bursts import Bursts, Fired
from harness.model.intervals import Estimate, Line, NotEstimable, estimate_line, estimate_mean
from harness.model.lack_of_fit import LackOfFit, lack_of_fit
from harness.model.leak import estimate_leak
from harness.model.leak_rule import LEAKS, is_leak
from harness.model.linear import Array

Kind = Literal["memory", "cpu", "latency", "count"]
"""What a change is judged by: each kind has a threshold of its own."""


@dataclass(frozen=True)
class Points:
    """What a constant is computed from: base, slope or leak of `y` against `x`, or the mean of `y`."""

    part: Literal["base", "slope", "mean", "leak"]
    x: Array
    """Shape (n,); of no account for a mean."""
    y: Array
    """Shape (n,); nan where a burst has no value."""
    lacking: str = ""
    """What would give more points, after `only 2 bursts`; empty where more bursts would."""


@dataclass(frozen=True)
class Definition:
    """One entry of the registry."""

    name: str
    unit: str
    meaning: str
    source: str
    """Columns of the table of bursts that it comes from, and how; for people."""
    kind: Kind
    fired: tuple[Fired, ...]
    """Of which bursts: of runs, of ticks, or of both alike."""
    needs: tuple[str, ...]
    """Columns of the table of bursts, besides those that count runs and ticks."""
    points: Callable[[Bursts], Points]
    of_one_server: bool = False
    """Whether it is a figure of the server and not of a run: with replicas, each has its share of the sum."""
    by_level: bool = False
    """Compared as what a burst cost per run, level by level: that takes fewer bursts than its slope."""
    of_imports: bool = False
    """Whether it comes from imports of the code, and is told of only where they were timed."""
    compared: bool = True
    """Whether it is compared by ratio; a leak is nothing in most versions, of which there is no ratio."""


@dataclass(frozen=True)
class Constant:
    """A constant as it was fitted: its estimate, or the reason there is none."""

    definition: Definition
    estimate: Estimate | NotEstimable
    lack_of_fit: LackOfFit | None = None

    @property
    def name(self) -> str:
        """As in the registry."""
        return self.definition.name


def _against_concurrency(column: str, bursts: Bursts) -> Points:
    return Points("slope", bursts.concurrency, bursts.columns[column])


def _memory(part: Literal["base", "slope"], bursts: Bursts) -> Points:
    return Points(part, bursts.concurrency, _peaks_without_leak(bursts))


def _peaks_without_leak(bursts: Bursts) -> Array:
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


def _idle_cores(bursts: Bursts) -> Points:
    return Points("mean", bursts.concurrency, bursts.columns["idle_cpu_cores"])


def _of_imports(name: str, bursts: Bursts) -> Points:
    values = bursts.imports[name]
    return Points("mean", np.zeros(len(values)), values)


def _work(bursts: Bursts) -> Points:
    """CPU-seconds of each burst beyond those of the idle server."""
    columns = bursts.columns
    return Points(
        "slope", bursts.ended, columns["cpu_seconds"] - _base_cores(bursts) * columns["window_seconds"]
    )


def _cores_while_running(bursts: Bursts) -> Points:
    columns = bursts.columns
    saturated = columns["saturated"].astype(bool)
    usable = ~saturated & (columns["run_seconds"] > 0)
    used = columns["exec_cpu_seconds"] - _base_cores(bursts) * columns["exec_window_seconds"]
    cores = np.full(len(usable), np.nan)
    cores[usable] = used[usable] / columns["run_seconds"][usable]
    lacking = "that leave CPU to spare; measure lower levels" if saturated.any() else ""
    return Points("mean", bursts.concurrency, cores, lacking)


def _base_cores(bursts: Bursts) -> float:
    idle = estimate_mean(bursts.columns["idle_cpu_cores"])
    return idle.value if isinstance(idle, Estimate) else 0.0


_RUNS: tuple[Fired, ...] = ("runs",)
_TICKS: tuple[Fired, ...] = ("ticks",)
_BOTH: tuple[Fired, ...] = ("runs", "ticks")
_WORK = ("cpu_seconds", "window_seconds", "idle_cpu_cores")

_DEFINITIONS = (
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
        _idle_cores,
        of_one_server=True,
    ),
    Definition(
        "cpu_seconds_per_run",
        "seconds",
        "CPU time one run costs from launch to the end of its processes.",
        "slope of cpu_seconds, less the idle share of window_seconds, against runs ended",
        "cpu",
        _RUNS,
        _WORK,
        _work,
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
        _work,
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
    Definition(
        "import_seconds",
        "seconds",
        "Time that importing the code takes, in a process that has Dagster already.",
        "mean of start.imports of the cell in result.json, each a process of its own",
        "latency",
        _BOTH,
        (),
        partial(_of_imports, "seconds"),
        of_imports=True,
        compared=False,
    ),
    Definition(
        "import_memory_bytes",
        "bytes",
        "Memory that importing the code takes, in the code server and again in each run and step.",
        "mean of start.imports of the cell in result.json, each a process of its own",
        "memory",
        _BOTH,
        (),
        partial(_of_imports, "memory_bytes"),
        of_imports=True,
        compared=False,
    ),
)
CONSTANTS: dict[str, Definition] = {definition.name: definition for definition in _DEFINITIONS}
"""The registry, in the order in which constants are shown."""


def constants_of(fired: Fired) -> tuple[Definition, ...]:
    """The constants that bursts of runs, or of ticks, give; in the order of the registry."""
    return tuple(one for one in CONSTANTS.values() if fired in one.fired)


def order_of(name: str) -> int:
    """Place of a constant in the registry; one that it does not know comes last."""
    return list(CONSTANTS).index(name) if name in CONSTANTS else len(CONSTANTS)


def columns_needed() -> tuple[str, ...]:
    """Every column of the table of bursts that some constant needs."""
    return tuple(dict.fromkeys(name for one in CONSTANTS.values() for name in one.needs))


def points_of(bursts: Bursts) -> dict[str, Points]:
    """The points of every constant that these bursts can give, in the order of the registry."""
    return {one.name: one.points(bursts) for one in _told_of(bursts) if not _missing(one, bursts)}


def fit_constants(bursts: Bursts, seed: int) -> dict[str, Constant]:
    """Every constant of these bursts, in the order of the registry, or why it has no value.

    Args:
        bursts: of one cell.
        seed: of what is drawn at random.
    """
    return {one.name: _fit(one, bursts, seed) for one in _told_of(bursts)}


def fit_memory(bursts: Bursts, seed: int) -> Line | NotEstimable:
    """The line of the memory peak against observed concurrency, for predictions."""
    return estimate_line(bursts.concurrency, _peaks_without_leak(bursts), seed)


def estimate_points(points: Points, seed: int) -> tuple[Estimate | NotEstimable, Line | None]:
    """The constant that points give, and the line it is of."""
    if points.part == "mean":
        return estimate_mean(points.y), None
    if points.part == "leak":
        return estimate_leak(points.x, points.y), None
    line = estimate_line(points.x, points.y, seed)
    if isinstance(line, NotEstimable):
        return line, None
    return (line.base if points.part == "base" else line.slope), line


def _told_of(bursts: Bursts) -> list[Definition]:
    return [one for one in constants_of(bursts.fired) if bursts.imports or not one.of_imports]


def _fit(one: Definition, bursts: Bursts, seed: int) -> Constant:
    if missing := _missing(one, bursts):
        return Constant(one, NotEstimable(f"not measured here: bursts have no {' and no '.join(missing)}", 0))
    points = one.points(bursts)
    estimate, line = estimate_points(points, seed)
    if isinstance(estimate, NotEstimable):
        reason = f"{estimate.reason} {points.lacking}".strip()
        reason = f"timed {estimate.n} times, too few for an interval; see Start" if one.of_imports else reason
        return Constant(one, NotEstimable(reason, estimate.n))
    lack = None
    if line is not None:
        lack = lack_of_fit(line.x, line.y, float(line.fit.base), float(line.fit.slope))
    return Constant(one, estimate, lack)


def _missing(one: Definition, bursts: Bursts) -> list[str]:
    return [name for name in one.needs if name not in bursts.columns]

"""How numbers are written, the same in every renderer."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from harness.results.result_document import CellRecord, ConstantRecord, LevelRecord, ResultDocument
from harness.results.scenario_record import ScenarioRecord
from harness.results.stages import MEANINGS, STAGES
from harness.views.leaks import none_found
from harness.views.spent import seconds_by_stage
from harness.views.start import (
    AGENT_SECONDS,
    MARGIN,
    allowed_seconds,
    answer_seconds,
    import_memory_bytes,
    import_seconds,
)

MIB = 1024 * 1024
TIME = "Where the time went"
PEAK = "Who made the peak"
PEAK_SOURCE = (
    "From processes.parquet and steps.parquet: the highest moment of the burst with the most memory."
)
_EVENTS = {
    "oom": "out of memory at its limit",
    "exit": "ended",
    "restart": "was started again",
    "unhealthy": "failed its health check",
}
_STARTED_AS = {"agent": "by a Dagster+ agent", "code_server": "`dagster code-server start`"}
Table = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""Header and rows, all text."""


def with_column(table: Table, after: str, name: str, cells: Sequence[str]) -> Table:
    """A table with one column more, to the right of the column `after`."""
    header, rows = table
    at = header.index(after) + 1
    return (
        (*header[:at], name, *header[at:]),
        tuple((*row[:at], cell, *row[at:]) for row, cell in zip(rows, cells, strict=True)),
    )


def time_left(seconds: float) -> str:
    """Of an experiment, roughly."""
    if seconds < 90:
        return f"about {seconds:.0f}s left"
    return f"about {seconds / 60:.0f} min left"


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit, at a sensible number of digits; a dash where there is none."""
    if value is None:
        return "-"
    if unit == "bytes":
        return f"{value / MIB:,.1f} MiB"
    digits = 2 if abs(value) >= 1 or not unit else 3
    return f"{value:,.{digits}f} {unit}".strip()


def interval(constant: ConstantRecord) -> str:
    """`low to high`, in the constant's unit."""
    if constant.low is None or constant.high is None:
        return "-"
    low, unit = quantity(constant.low, constant.unit).split(" ", 1)
    high, _ = quantity(constant.high, constant.unit).split(" ", 1)
    return f"{low} to {high} {unit}"


def behind(cell: CellRecord, constant: ConstantRecord) -> str:
    """How much a constant of a cell rests on."""
    return f"{constant.bursts} {'blocks of time' if cell.observed else 'bursts'}"


def setting(cell: CellRecord) -> str:
    """A cell's setting in one line."""
    if cell.limits is not None and cell.observed:
        unknown = f" ({cell.limits.reason})" if cell.limits.reason else ""
        return f"Dagster {cell.dagster_version}, observed as it ran{unknown}"
    enforced = "" if cell.limits is None or cell.limits.enforced else " (limits: not enforced)"
    servers = f"{cell.replicas} code servers of " if cell.replicas > 1 else ""
    workers = "Dagster's own number of" if cell.grpc_max_workers is None else f"{cell.grpc_max_workers}"
    cap = f" of at most {cell.max_concurrent_runs} runs" if cell.max_concurrent_runs else ""
    queue = f", queue{cap}" if cell.coordinator == "queued" else ""
    return (
        f"Dagster {cell.dagster_version}, {servers}{cell.cpus:g} CPUs, {cell.memory_bytes / MIB:,.0f} MiB, "
        f"{workers} gRPC workers{queue}{_started(cell)}{enforced}"
    )


def _started(cell: CellRecord) -> str:
    """What is out of the ordinary in how the code server was started."""
    said = "" if cell.started_as == "grpc" else f", started as {_STARTED_AS[cell.started_as]}"
    if cell.health_check_seconds:
        said += f", a health check in the container every {cell.health_check_seconds:g} s"
    return said + (f", {cell.locations} locations in a container" if cell.locations > 1 else "")


def constants_table(cell: CellRecord) -> Table:
    """Constants of one cell."""
    header = ("constant", "value", "95 % interval", "blocks" if cell.observed else "bursts", "remark")
    rows = tuple(
        (c.name, quantity(c.value, c.unit), interval(c), str(c.bursts), _remark(c)) for c in cell.constants
    )
    return header, rows


def design(scenario: ScenarioRecord, cell: CellRecord) -> tuple[str, ...]:
    """How it was decided which bursts there are, in a sentence; none where all levels had as many."""
    if (repeats := scenario.fewer_than_repeats) is not None and len({one.bursts for one in cell.levels}) > 1:
        each = ", ".join(f"{one.bursts} at level {one.level}" for one in cell.levels)
        return (f"Bursts were planned to tell as much of one run as {repeats} at each level would: {each}.",)
    return _width(cell)


def _width(cell: CellRecord) -> tuple[str, ...]:
    """How narrow an interval was asked for and came out, in a sentence; none where none was asked for."""
    told = cell.width
    if told is None or not told.stopped:
        return ()
    reached = "has no interval" if told.reached is None else f"is known within ±{told.reached:.1%}"
    why = (
        "which is enough"
        if told.stopped == "narrow enough"
        else "and no more are allowed: raise load.repeats to come closer"
    )
    return (
        f"±{told.asked:.1%} was asked for: {told.constant} {reached} after {told.bursts} of at most "
        f"{told.most_bursts} bursts, {why}.",
    )


def memory_table(cell: CellRecord) -> Table:
    """Peak memory by level, by every measure side by side; means over the bursts of a level."""
    header = (
        "at once",
        "bursts",
        "cgroup, no cache",
        "cgroup, with cache",
        "kernel watermark",
        "sum of RSS",
        "sum of PSS",
        "sum of USS",
    )
    return header, tuple(_memory_row(level) for level in cell.levels)


def work_table(cell: CellRecord) -> Table:
    """CPU, threads, processes and times by level; means over the bursts of a level."""
    header = (
        "at once",
        "CPU-seconds",
        "throttled",
        "all started after",
        "mean run",
        "slowest tick",
        "threads",
        "processes",
    )
    rows = tuple(
        (
            f"{level.concurrency:g}",
            quantity(level.cpu_seconds, "s"),
            quantity(level.throttled_seconds, "s"),
            quantity(level.launch_span_seconds, "s"),
            quantity(level.run_seconds_mean, "s"),
            quantity(level.tick_seconds_max, "s"),
            quantity(level.threads_peak, ""),
            quantity(level.processes_peak, ""),
        )
        for level in cell.levels
    )
    return header, rows


def pings_table(cell: CellRecord) -> Table:
    """What the code server tells of itself when it is pinged, by level; no rows where it never was."""
    header = ("at once", "slowest Ping", "most running requests told", "most queued requests told")
    rows = tuple(
        (
            f"{level.concurrency:g}",
            quantity(level.ping_seconds_max, "s"),
            quantity(level.requests_running_max, ""),
            quantity(level.requests_queued_max, ""),
        )
        for level in cell.levels
        if level.ping_seconds_max is not None
    )
    return header, rows


def start(cell: CellRecord) -> tuple[str, ...]:
    """What coming up took and the time to allow for it, in sentences; none where it was not timed."""
    slowest, allowed = answer_seconds(cell), allowed_seconds(cell)
    if slowest is None or allowed is None:
        return ()
    lines = [f"Start: the code server answered {quantity(slowest, 's')} after it was started."]
    seconds, memory = import_seconds(cell), import_memory_bytes(cell)
    if seconds is not None:
        held = "" if memory is None else f" and {quantity(memory, 'bytes')}"
        lines += [
            f"Importing the code takes {quantity(seconds, 's')}{held} of that, and as much again in every "
            "run and every step that has a process of its own."
        ]
    longer = (
        f", and Dagster's own limit of {AGENT_SECONDS} s has to be raised" if allowed > AGENT_SECONDS else ""
    )
    lines += [
        f"Allow {allowed} s until it has to answer, {MARGIN} times as long: in a startup probe, a health "
        f"check's start period or a start time-out{longer}."
    ]
    return tuple(lines)


def peak_table(cell: CellRecord) -> Table:
    """Memory of the highest moment by role of the process and step; no rows where no process was read."""
    header = ("process", "step", "how many", "memory", "share", "each")
    rows = tuple(
        (
            one.role,
            one.step or "-",
            str(one.processes),
            quantity(one.memory_bytes, "bytes"),
            f"{one.share:.0%}",
            quantity(one.memory_bytes / one.processes, "bytes"),
        )
        for one in cell.peak_parts
    )
    return header, rows


def replicas_table(cell: CellRecord) -> Table:
    """What each code server did; over all bursts."""
    header = ("code server", "runs", "succeeded", "peak memory", "CPU-seconds", "throttled", "OOM kills")
    rows = tuple(
        (
            r.name,
            str(r.runs),
            str(r.runs_succeeded),
            quantity(r.memory_peak_bytes, "bytes"),
            quantity(r.cpu_seconds, "s"),
            quantity(r.throttled_seconds, "s"),
            str(r.oom_kills),
        )
        for r in cell.replica_records
    )
    return header, rows


def time_table(document: ResultDocument, whole_seconds: float | None = None) -> Table:
    """Where the time of all cells went, by stage; no rows where it is not known."""
    header = ("stage", "seconds", "share", "what")
    seconds = seconds_by_stage(document, whole_seconds)
    total = sum(seconds.values())
    rows = [
        (stage, f"{seconds[stage]:.1f}", f"{seconds[stage] / total:.0%}", MEANINGS[stage])
        for stage in STAGES
        if seconds.get(stage, 0.0) >= 0.05
    ]
    return header, (*rows, ("together", f"{total:.1f}", "100%", "")) if rows else ()


def events(cell: CellRecord) -> tuple[str, ...]:
    """What happened to the stack, one line each; times in UTC."""
    return tuple(
        f"{_clock(e.at_epoch_seconds)} {e.service}: {_EVENTS.get(e.kind, e.kind)}"
        + ("" if e.exit_code is None else f" (exit code {e.exit_code})")
        + ("" if e.times == 1 else f" (told {e.times} times in a row)")
        for e in cell.events
    )


def reasons(document: ResultDocument) -> tuple[str, ...]:
    """Every reason of the validity, one line each."""
    return tuple(
        f"{reason.severity}: {reason.cell + ': ' if reason.cell else ''}{reason.message}"
        for reason in document.validity.reasons
    )


def headline(document: ResultDocument) -> str:
    """The validity in one word, with what was forced."""
    forced = "; constants fitted with --force" if document.forced else ""
    return f"{document.validity.state}{forced}"


def _clock(at: float) -> str:
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
    return moment.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


def _remark(constant: ConstantRecord) -> str:
    if constant.reason:
        return constant.reason
    if none_found(constant):
        return f"none found, at most {quantity(constant.high, constant.unit)}"
    if constant.lacks_fit and constant.lack_of_fit_max_deviation is not None:
        return f"not quite a line: off by up to {constant.lack_of_fit_max_deviation:.0%}"
    return ""


def _memory_row(level: LevelRecord) -> tuple[str, ...]:
    measures = (
        level.memory_peak_bytes,
        level.usage_peak_bytes,
        level.watermark_bytes,
        level.rss_peak_bytes,
        level.pss_peak_bytes,
        level.uss_peak_bytes,
    )
    return (f"{level.concurrency:g}", str(level.bursts), *(quantity(m, "bytes") for m in measures))

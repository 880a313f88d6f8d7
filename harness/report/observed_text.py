"""What a result of `observe` tells beside its constants, in words and tables."""

from __future__ import annotations

import datetime

from harness.report.bars import OF_LIMIT, used
from harness.report.text import Table, quantity
from harness.results.observed_record import LifeRecord, ObservedFitRecord, ObservedRecord, OwnLoadRecord
from harness.results.result_document import CellRecord

LEVELS = "Readings by the number of live runs"
_KINDS = {"point": "an instant each", "mean": "a mean each", "max": "the most of a window each"}


def headline(observed: ObservedRecord) -> str:
    """What was observed, in one line."""
    locations = ", ".join(one or "no location" for one in observed.locations)
    days = (observed.until_epoch_seconds - observed.since_epoch_seconds) / 86400
    return (
        f"{locations} of {observed.instance}, {days:.1f} days until {_moment(observed.until_epoch_seconds)}; "
        f"{observed.source}"
    )


def lines(observed: ObservedRecord) -> tuple[str, ...]:
    """How far to trust the constants, one sentence or two each."""
    fitted = observed.fitted
    window = f", over {observed.window_seconds:g} s" if observed.window_seconds else ""
    blind = f" They cannot tell {_listed(observed.unknown)}." if observed.unknown else ""
    found = [
        f"Readings: {_KINDS[observed.kind]}{window}, every {observed.interval_seconds:.0f} s, with the stamp "
        f"of when they were {observed.stamp}.{blind}"
    ]
    if observed.own_load is not None:
        found.append(_of_load(observed.own_load))
    if fitted is not None:
        found += _of_fit(observed, fitted)
    worst = observed.worst_day
    left = "" if worst.headroom is None else f", {worst.headroom:.0%} below the limit of memory"
    found.append(
        f"Worst day: {worst.day}, when {quantity(worst.memory_max_bytes, 'bytes')} were read at "
        f"{_moment(worst.at_epoch_seconds)}{left}."
    )
    return tuple(found)


def _of_load(load: OwnLoadRecord) -> str:
    levels = ", ".join(map(str, load.levels))
    left_out = (
        f", and {load.bursts_left_out} were left out, as others ran too much" if load.bursts_left_out else ""
    )
    return (
        f"Load: {load.bursts} bursts of {levels} runs were fired at it, {load.runs:,} runs in all{left_out}. "
        f"At most {load.highest} runs were allowed at once, and "
        f"{quantity(load.stop_above_bytes, 'bytes')} of memory; {load.foreign_runs:,} runs of others were "
        "live meanwhile, and count as such."
    )


def _of_fit(observed: ObservedRecord, fitted: ObservedFitRecord) -> list[str]:
    found = [
        f"Behind the constants: {fitted.scrapes:,} readings in {fitted.blocks} blocks of time, and "
        f"{fitted.runs:,} runs; at most {fitted.highest_level} were live at once, and {fitted.levels} "
        f"numbers of runs were held long enough to count. {fitted.gap_share:.0%} of the time has no readings."
    ]
    if fitted.lag_seconds is not None:
        found.append(
            f"Lag: it fits best where stamps are {fitted.lag_seconds:.0f} s late "
            f"({fitted.lag_low_seconds:.0f} to {fitted.lag_high_seconds:.0f}); the intervals allow for it."
        )
    if fitted.residuals is not None:
        left = fitted.residuals
        found.append(
            "Beyond what the live runs predict, memory was "
            f"{quantity(left.p95, 'bytes')} or more in 5 % of readings, {quantity(left.p99, 'bytes')} in "
            f"1 %, and {quantity(left.highest, 'bytes')} at most."
        )
    if fitted.spike_seconds is not None:
        found.append(
            f"A spike that every run has was read at least once, with 95 %, if it lasts "
            f"{_short(fitted.spike_seconds)}; what is shorter may never have been seen."
        )
    if fitted.cache_per_run_bytes is not None:
        found.append(
            f"Of a run's memory, {quantity(fitted.cache_per_run_bytes, 'bytes')} are page cache: the working "
            "set has them and RSS has not."
        )
    if observed.runs_without_log:
        found.append(
            f"Of {observed.runs_without_log:,} runs the event log was not read; when their processes came up "
            "and ended is taken from the others."
        )
    return found


def lives_table(observed: ObservedRecord) -> Table:
    """Lives of the server's container."""
    header = ("server", "from", "until", "readings", "memory limit", "CPU limit", "highest memory", "end")
    return header, tuple(_life(one) for one in observed.lives)


def levels_table(cell: CellRecord, drawn: bool = True) -> Table:
    """What was read, by the number of live runs; what no reading has is left out.

    Args:
        cell: any of the result.
        drawn: whether with a bar of how much of the limit it is, where there is a limit.
    """
    limited = cell.limits is not None and cell.limits.enforced
    header = ("live runs", "readings", "working set", OF_LIMIT, "RSS", "threads", "processes")
    rows = [
        (
            f"{one.level}",
            f"{one.bursts:,}",
            quantity(one.memory_peak_bytes, "bytes"),
            used(one.memory_peak_bytes, cell.memory_bytes),
            quantity(one.rss_peak_bytes, "bytes"),
            quantity(one.threads_peak, ""),
            quantity(one.processes_peak, ""),
        )
        for one in cell.levels
    ]
    kept = [
        place
        for place, name in enumerate(header)
        if any(row[place] not in ("-", "") for row in rows) and (name != OF_LIMIT or (drawn and limited))
    ]
    return tuple(header[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in rows)


def _life(one: LifeRecord) -> tuple[str, ...]:
    ended = one.ended_epoch_seconds
    return (
        one.name,
        _moment(one.began_epoch_seconds),
        "still runs" if ended is None else _moment(ended),
        f"{one.scrapes:,}",
        quantity(one.memory_limit_bytes, "bytes"),
        quantity(one.cpu_limit_cores, "CPUs"),
        quantity(one.memory_max_bytes, "bytes"),
        "out of memory" if one.ended_by_oom else "-",
    )


def _short(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _moment(at: float) -> str:
    return f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%d %H:%M} UTC"


def _listed(clauses: tuple[str, ...]) -> str:
    return clauses[0] if len(clauses) == 1 else f"{', '.join(clauses[:-1])} or {clauses[-1]}"

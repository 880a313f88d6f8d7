"""Raw tables as pictures take them, and what those of an older harness or of half a folder lack. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from harness.results.result_document import LEVEL_MEANS
from harness.results.table_schema import filled

Tables = Mapping[str, pd.DataFrame]
Needs = Mapping[str, tuple[str, ...]]
"""Columns by table without which a picture cannot be drawn."""

KEYS: dict[str, tuple[str, ...]] = {
    "samples": ("cell_id", "burst", "at_epoch_seconds"),
    "processes": ("cell_id", "burst", "at_epoch_seconds"),
    "launches": ("cell_id", "burst"),
    "ticks": ("cell_id", "burst"),
    "runs": ("cell_id", "burst"),
    "steps": ("cell_id", "burst"),
    "companions": ("cell_id", "burst"),
    "pings": ("cell_id", "burst", "sent_epoch_seconds"),
    "replicas": (
        "cell_id",
        "burst",
        "replica",
        "runs",
        "runs_succeeded",
        "memory_peak_bytes",
        "cpu_seconds",
        "throttled_seconds",
        "oom_kills",
    ),
    "bursts": ("cell_id", "burst", "phase", "level", "drained", "concurrency_peak"),
}
"""A table without one of these says nothing."""
_STAGES = tuple(
    f"{stage}_epoch_seconds"
    for stage in ("created", "starting", "process_started", "run_start", "run_end", "process_exited")
)
_VALUES: dict[str, tuple[str, ...]] = {
    "samples": (
        "memory_bytes",
        "usage_bytes",
        "cpu_seconds",
        "periods",
        "throttled_periods",
        "oom_kills",
    ),
    "processes": ("pss_bytes", "uss_bytes", "rss_bytes", "threads"),
    "launches": ("intended_epoch_seconds", "answered_epoch_seconds"),
    "ticks": ("intended_epoch_seconds", "began_epoch_seconds", "answered_epoch_seconds"),
    "runs": _STAGES,
    "pings": (
        "answered_epoch_seconds",
        "max_concurrent_requests",
        "num_running_requests",
        "num_queued_requests",
        "requests_in_progress",
        "runs_in_progress",
    ),
    "bursts": (
        *LEVEL_MEANS,
        "released_epoch_seconds",
        "drained_epoch_seconds",
        "hold_seconds",
        "launches",
        "runs_succeeded",
        "runs_failed",
        "idle_cpu_cores",
        "window_seconds",
        "exec_window_seconds",
        "exec_cpu_seconds",
        "run_seconds",
        "saturated",
    ),
}
_WORDS = {
    "processes": ("role", "status"),
    "launches": ("run_id",),
    "ticks": ("outcome",),
    "runs": ("run_id", "job", "status"),
    "pings": ("outcome",),
}
_COUNTED = {"launches": "launches", "runs": "launches", "ticks": "ticks", "pings": "pings"}
"""The column of `bursts` that tells whether a table has anything to hold."""


def complete(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The table with every column there is, empty where it is missing; no rows without its keys."""
    if table.empty or any(key not in table for key in KEYS[name]):
        return pd.DataFrame()
    return filled(name, table)


def lacks(tables: Tables, needs: Needs) -> str:
    """Why raw tables do not suffice, in a clause; empty where they do, or there was nothing to measure."""
    clauses = []
    for name, columns in needs.items():
        table = tables.get(name, pd.DataFrame())
        missing = [column for column in (*KEYS[name], *columns) if column not in table]
        if table.empty:
            clauses += [f"{name}.parquet is not in the folder"] if _is_due(tables, name) else []
        elif missing:
            clauses.append(f"{name}.parquet has no {' and no '.join(missing)}")
    return ", ".join(clauses)


def gaps(tables: Tables, told: Iterable[Needs]) -> str:
    """Columns that are missing beyond those in `told`, by table; empty where none is.

    What they would have shown is left out of pictures that are drawn all the same.
    """
    known = {(name, column) for needs in told for name, columns in needs.items() for column in columns}
    found = []
    for name, table in tables.items():
        used = (*_VALUES.get(name, ()), *_WORDS.get(name, ()))
        missing = [one for one in used if one not in table and (name, one) not in known]
        if missing and len(complete(name, table)):
            found.append(f"{name}.parquet has no {' and no '.join(missing)}")
    return "; ".join(found)


def _is_due(tables: Tables, name: str) -> bool:
    """Whether a table that is empty should not be: all are where there are bursts, if these counted any."""
    bursts = tables.get("bursts", pd.DataFrame())
    if name not in _COUNTED:
        return len(bursts) > 0
    counted = _COUNTED[name]
    return counted in bursts and bool(pd.to_numeric(bursts[counted]).sum() > 0)

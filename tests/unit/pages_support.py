"""What tests of pages look for in them."""

from __future__ import annotations

import html
import re
from typing import Any

import numpy as np
import pandas as pd

from harness.report.pictures.picture import Picture
from tests.unit.results_sample import CELL, burst_row

HOSTILE = "<img src=x onerror=alert(1)>"
MOST = 5 * 2**20
"""Bytes of a page."""


def rows(picture: Picture) -> list[dict[str, Any]]:
    """All rows that a picture draws."""
    return [row for rows in picture.specification()["datasets"].values() for row in rows]


def shown(page: str) -> str:
    """A page's own markup as a reader sees it: without scripts, and tags as spaces."""
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)))


def assert_escaped(page: str) -> None:
    """The hostile text is there, and nowhere as markup."""
    assert HOSTILE not in page
    assert html.escape(HOSTILE, quote=True) in page
    assert "<img src=x" not in page


def whole_tables() -> dict[str, pd.DataFrame]:
    """Every raw table of a made result: nine bursts of runs with a tick beside each, read and pinged."""
    levels = [1, 2, 4] * 3
    rows: list[dict[str, Any]] = []
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("samples", "processes", "launches", "ticks", "runs", "pings")
    }
    for number, level in enumerate(levels):
        released = 1000.0 + 20 * number
        own = {"cell_id": CELL, "burst": number}
        times = {"released_epoch_seconds": released, "drained_epoch_seconds": released + 10}
        rows.append(burst_row(level, number, **times, ticks=1, ticks_evaluated=1, pings=3, hold_seconds=1.0))
        for step in range(24):
            at = released - 1 + step / 2
            busy = 0 < step < 20
            tables["samples"].append(
                own
                | {
                    "at_epoch_seconds": at,
                    "memory_bytes": (200 + 100 * level * busy) * 1e6,
                    "usage_bytes": (220 + 100 * level * busy) * 1e6,
                    "cpu_seconds": 0.4 * (24 * number + step),
                    "periods": 5.0 * (24 * number + step),
                    "throttled_periods": 1.0 * (24 * number + step),
                    "oom_kills": 0.0,
                }
            )
            for role, count in (("server", 1), ("run", level * busy)):
                for _ in range(count):
                    memory = {"pss_bytes": 100e6, "uss_bytes": 95e6, "rss_bytes": 150e6}
                    process = {"at_epoch_seconds": at, "role": role, "status": "sleeping", "threads": 8}
                    tables["processes"].append(own | memory | process)
        for run in range(level):
            names = ("created", "starting", "process_started", "run_start", "run_end", "process_exited")
            stages = {f"{name}_epoch_seconds": released + 0.5 + at for at, name in enumerate(names)}
            known = {"run_id": f"{number}-{run}", "job": "io_bound", "status": "SUCCESS"}
            tables["runs"].append(own | known | stages)
            sent = {"intended_epoch_seconds": released, "answered_epoch_seconds": released + 1 + run}
            tables["launches"].append(own | {"run_id": known["run_id"]} | sent)
        evaluated = {"intended_epoch_seconds": released, "began_epoch_seconds": released + 1}
        answered = {"answered_epoch_seconds": released + 2, "outcome": "evaluated"}
        tables["ticks"].append(own | evaluated | answered)
        for ping in range(3):
            sent_at = released + 3 * ping
            lost = number == 4 and ping == 1
            said = {
                "max_concurrent_requests": 8.0,
                "num_running_requests": 1.0 + level * (ping == 0),
                "num_queued_requests": 0.0,
                "requests_in_progress": level * (ping == 0),
                "runs_in_progress": level * (ping == 1),
            }
            reply = {"answered_epoch_seconds": np.nan if lost else sent_at + 0.01 * (1 + level)}
            outcome = {"outcome": "timeout" if lost else "ok", "sent_epoch_seconds": sent_at}
            tables["pings"].append(own | said | reply | outcome)
    return {"bursts": pd.DataFrame(rows)} | {
        name: pd.DataFrame(of_table) for name, of_table in tables.items()
    }

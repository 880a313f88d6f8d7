"""Scrapes of an observed deployment by how many runs were live: the levels that it came to by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.model.linear import Array
from harness.model.live_runs import LiveRuns
from harness.model.observed_load import Life
from harness.results.observed_record import ObservedRecord
from harness.results.result_document import LevelRecord


def live_at(
    observed: ObservedRecord, lives: Sequence[Life], scrapes: pd.DataFrame, lag: float = 0.0
) -> Array:
    """How many runs were live at each scrape, or on average over its window; shape (scrapes,).

    Args:
        observed: tells the window, and the names of the lives.
        lives: in the order of those.
        scrapes: with the columns `instance` and `at_epoch_seconds`.
        lag: seconds by which stamps are late.
    """
    live = np.zeros(len(scrapes))
    for told, life in zip(observed.lives, lives, strict=True):
        mine = (scrapes["instance"] == told.name).to_numpy(bool)
        at = scrapes["at_epoch_seconds"].to_numpy(float)[mine] - lag
        whole = [LiveRuns(one.starting.began, one.running.ended) for one in life.runs.values()]
        window = observed.window_seconds
        live[mine] = sum(one.mean(at, window) if window else one.at(at) for one in whole)
    return live


def level_records(
    observed: ObservedRecord, lives: Sequence[Life], scrapes: pd.DataFrame, lag: float
) -> tuple[LevelRecord, ...]:
    """Means over the scrapes at each number of live runs, in rising order; `bursts` are scrapes."""
    table = scrapes.assign(level=np.round(live_at(observed, lives, scrapes, lag)).astype(int))

    def mean(rows: pd.DataFrame, name: str) -> float | None:
        value = float(pd.to_numeric(rows[name]).mean())
        return value if np.isfinite(value) else None

    return tuple(
        LevelRecord(
            level=int(str(level)),
            bursts=len(rows),
            concurrency=float(str(level)),
            memory_peak_bytes=mean(rows, "working_set_bytes"),
            usage_peak_bytes=None,
            watermark_bytes=None,
            rss_peak_bytes=mean(rows, "rss_bytes"),
            pss_peak_bytes=None,
            uss_peak_bytes=None,
            threads_peak=mean(rows, "threads"),
            processes_peak=mean(rows, "processes"),
            cpu_seconds=None,
            throttled_seconds=None,
            launch_span_seconds=None,
            run_seconds_mean=None,
        )
        for level, rows in table.groupby("level")
    )

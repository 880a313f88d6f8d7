"""Readings as they would be without health checks, which have constants of their own. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.results.columns import CHECK, gauges_of_samples

MARGIN_SECONDS = 0.75
"""A check may have lived so long before the first walk that saw it, and after the last."""


def without_checks(samples: pd.DataFrame, processes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables with memory missing while a check ran, its CPU time taken out, and none of its processes.

    Args:
        samples: of one code server, or of all as one.
        processes: of the same.
    """
    checks = processes[processes["role"] == CHECK] if len(processes) else processes
    if checks.empty or samples.empty:
        return samples, processes
    at = samples["at_epoch_seconds"].to_numpy(float)
    seen = checks.groupby(["pid", "created_epoch_seconds"])["at_epoch_seconds"].agg(["min", "max"])
    under = np.zeros(len(at), dtype=bool)
    for first, last in seen.itertuples(index=False):
        under |= (first - MARGIN_SECONDS <= at) & (at <= last + MARGIN_SECONDS)
    memory = {column: samples[column].mask(under) for column in gauges_of_samples() if column in samples}
    cleared = samples.assign(cpu_seconds=samples["cpu_seconds"] - _used_by(checks, at), **memory)
    return cleared, processes[processes["role"] != CHECK]


def _used_by(checks: pd.DataFrame, at: np.ndarray) -> np.ndarray:
    """CPU time that all checks had used at each instant, as far as walks saw it."""
    total = np.zeros(len(at))
    for _, one in checks.groupby(["pid", "created_epoch_seconds"]):
        ordered = one.sort_values("at_epoch_seconds")
        used = (ordered["cpu_seconds"].fillna(0.0) + ordered["children_cpu_seconds"].fillna(0.0)).cummax()
        total += np.interp(at, ordered["at_epoch_seconds"], used, left=0.0)
    return total

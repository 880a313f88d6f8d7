"""What several decision rules take from a table, and how their evidence writes figures. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.model.intervals import Estimate, NotEstimable
from harness.model.linear import Array

MIB = 2**20


def column(rows: pd.DataFrame, name: str) -> Array:
    """A column as floats, nan where it is missing; shape (n,)."""
    if name not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[name]).to_numpy(dtype=float, na_value=float("nan"))


def at_level(bursts: pd.DataFrame, level: int) -> pd.DataFrame:
    """The bursts of one level."""
    return bursts[bursts["level"] == level] if len(bursts) else bursts


def highest(bursts: pd.DataFrame) -> pd.DataFrame:
    """The bursts of the highest level."""
    return at_level(bursts, int(bursts["level"].max())) if len(bursts) else bursts


def ended(bursts: pd.DataFrame) -> Array:
    """Runs that ended, by burst; shape (n,)."""
    return column(bursts, "runs_succeeded") + column(bursts, "runs_failed")


def throughput(bursts: pd.DataFrame) -> Array:
    """Runs ended per second of execution, by burst; shape (n,)."""
    return ended(bursts) / column(bursts, "exec_window_seconds")


def told(estimate: Estimate | NotEstimable, digits: int = 2, unit: str = "", scale: float = 1.0) -> str:
    """`value [low, high] unit`, or why there is none."""
    if isinstance(estimate, NotEstimable):
        return f"no figure ({estimate.reason})"
    figures = (estimate.value, estimate.low, estimate.high)
    value, low, high = (f"{figure / scale:,.{digits}f}" for figure in figures)
    return f"{value} [{low}, {high}]{f' {unit}' if unit else ''}"


def told_mib(estimate: Estimate | NotEstimable) -> str:
    """Bytes as `value [low, high] MiB`."""
    return told(estimate, 1, "MiB", MIB)

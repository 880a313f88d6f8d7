"""Limits over time, and when they changed. Pure."""

from __future__ import annotations

import numpy as np

from harness.metrics.lives import part
from harness.metrics.source import Readings

_NO_LIMIT_FROM = float(1 << 62)
"""As the first version of cgroups writes that there is no limit."""


def limit_in(limit: Readings | None, first: float, until: float) -> Readings | None:
    """A limit over a life, as its changes; None where it is not known, or there is none all along."""
    inside = None if limit is None else part(limit, first, until)
    if inside is None or not len(inside.at) or np.isinf(inside.values).all():
        return None
    return changes(inside)


def as_limit(readings: Readings) -> Readings:
    """A limit as it is told, with infinity where what is told is no limit."""
    none = (readings.values <= 0) | (readings.values >= _NO_LIMIT_FROM)
    return Readings(readings.at, np.where(none, np.inf, readings.values))


def value_at(readings: Readings, at: float) -> float:
    """The last value until then; the first where there is none."""
    return float(readings.values[max(int(np.searchsorted(readings.at, at, side="right")) - 1, 0)])


def changes(readings: Readings) -> Readings:
    """The first reading, and each that differs from the one before it."""
    kept = np.concatenate([[True], readings.values[1:] != readings.values[:-1]])
    return Readings(readings.at[kept], readings.values[kept])

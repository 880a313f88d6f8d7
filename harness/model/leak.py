"""Memory that each run, or tick, leaves behind in the idle server: told from how it grows at first. Pure.

A server that leaks nothing grows too: caches and thread pools fill, fast at first and ever slower, which is
logarithmic in the number of runs (measured on Dagster 1.12 and 1.13: 4 to 6 MiB over 30 runs). So the idle
memory is fitted as

    idle = base + growth × ln(1 + runs before) + leak × runs before

and the leak is the coefficient of the last term alone, by partialling the logarithm out of both sides
(Frisch & Waugh 1933; Lovell 1963).
"""

from __future__ import annotations

import math

import numpy as np

from harness.model.distributions import t_quantile
from harness.model.intervals import (
    CONFIDENCE,
    MINIMUM_FOR_LINE,
    Estimate,
    NotEstimable,
    estimate_line,
)
from harness.model.linear import Array

_SEED = 1
"""Of the bootstrap; the same everywhere, so that what is called a leak is also what is taken out."""
_LEAST_SPREAD = 1e-6


def estimate_leak(before: Array, idle_bytes: Array) -> Estimate | NotEstimable:
    """Bytes that each run leaves in the idle server, with the 95 % interval.

    Args:
        before: runs (or ticks) that had ended before each burst, since the server started; shape (n,).
        idle_bytes: memory in the quiet time before each burst; shape (n,); pairs with a nan are left out.
    """
    whole = np.isfinite(before) & np.isfinite(idle_bytes)
    x, y = before[whole], idle_bytes[whole]
    n = len(x)
    if n < MINIMUM_FOR_LINE:
        return NotEstimable(f"too few bursts: {n}, at least {MINIMUM_FOR_LINE} are needed", n)
    growth = np.column_stack([np.ones(n), np.log1p(x)])
    steady = _without(growth, x)
    if steady.std() <= _LEAST_SPREAD * max(1.0, x.std()):
        return NotEstimable("too few runs between the bursts to tell a leak from growth at first", n)
    line = estimate_line(steady, _without(growth, y), _SEED)
    if isinstance(line, NotEstimable):
        return line
    # The line does not know that the logarithm has taken one more degree of freedom.
    wider = math.sqrt((n - 2) / (n - 3)) * _student(n - 3) / _student(n - 2)
    slope = line.slope
    return Estimate(
        slope.value,
        slope.value - wider * (slope.value - slope.low),
        slope.value + wider * (slope.high - slope.value),
        n,
    )


def _without(known: Array, values: Array) -> Array:
    """What is left of `values` when the columns of `known` are fitted to them."""
    return np.asarray(values - known @ np.linalg.lstsq(known, values, rcond=None)[0])


def _student(degrees: int) -> float:
    return t_quantile(0.5 + CONFIDENCE / 2, degrees)

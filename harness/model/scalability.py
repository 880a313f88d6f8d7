"""The universal scalability law: how throughput grows with load, stops, and falls.

    rate(N) = rate_of_one * N / (1 + contention * (N - 1) + coherency * N * (N - 1))

Gunther, "Guerrilla Capacity Planning" (2007), ch. 4. Contention is what has to wait in a line, coherency what
all have to agree on; with coherency there is a level at which the rate is highest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from harness.model.distributions import t_quantile
from harness.model.intervals import CONFIDENCE, Estimate, NotEstimable
from harness.model.linear import Array

LEAST_LEVELS = 4
"""Of distinct ones: three numbers are fitted."""


@dataclass(frozen=True)
class Scalability:
    """The law as it fits some bursts."""

    rate_of_one: Estimate
    contention: Estimate
    coherency: Estimate

    @property
    def peak_level(self) -> float:
        """Where the rate is highest; infinity where it never falls."""
        if self.coherency.value <= 0:
            return math.inf
        return math.sqrt(max(0.0, 1 - self.contention.value) / self.coherency.value)

    @property
    def limit(self) -> float:
        """Rate that contention alone leaves at any load; infinity without contention."""
        return self.rate_of_one.value / self.contention.value if self.contention.value > 0 else math.inf

    def rate(self, levels: Array) -> Array:
        """At levels, shape (n,)."""
        found = (self.rate_of_one.value, self.contention.value, self.coherency.value)
        return _law(levels, np.array(found))


def fit_scalability(levels: Array, rates: Array) -> Scalability | NotEstimable:
    """Fit the law by least squares, neither contention nor coherency below zero.

    The intervals are Student's, from the curvature at the best fit, and those of contention and coherency are
    cut at zero.

    Args:
        levels, rates: shape (n,), of n bursts; pairs with a nan are left out.
    """
    known = np.isfinite(levels) & np.isfinite(rates) & (levels > 0)
    levels, rates = levels[known].astype(float), rates[known].astype(float)
    n = len(rates)
    if len(np.unique(levels)) < LEAST_LEVELS:
        return NotEstimable(f"it takes {LEAST_LEVELS} levels", n)
    if rates.max() <= 0:
        return NotEstimable("nothing got done", n)
    first = float(np.mean(rates[levels == levels.min()]) / levels.min())
    # Every number is of the order of one in these units, which the steps of the search are made for.
    units = np.array([first, 1 / levels.max(), 1 / levels.max() ** 2])

    def apart(found: Array) -> Array:
        return _law(levels, found * units) - rates

    fit = least_squares(
        apart,
        x0=np.array([1.0, 0.1, 0.1]),
        bounds=(np.zeros(3), np.full(3, np.inf)),
        xtol=1e-12,
        ftol=1e-12,
    )
    spread = 2 * fit.cost / (n - 3) if n > 3 else math.inf
    slopes = np.asarray(fit.jac, dtype=np.float64)
    covariance = spread * np.linalg.pinv(slopes.T @ slopes)
    reach = t_quantile(0.5 + CONFIDENCE / 2, n - 3) * np.sqrt(np.diag(covariance))
    found = [
        Estimate(value, max(0.0, value - width), value + width, n)
        for value, width in zip((fit.x * units).tolist(), (reach * units).tolist(), strict=True)
    ]
    return Scalability(*found)


def _law(levels: Array, found: Array) -> Array:
    rate, contention, coherency = found
    return np.asarray(rate * levels / (1 + contention * (levels - 1) + coherency * levels * (levels - 1)))

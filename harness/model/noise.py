"""How the noise of bursts changes along a line, and what that costs in certainty.

With noise that grows with the level, the few bursts at the high end decide the slope, and nominal degrees of
freedom promise too much. Satterthwaite's count of them follows from the noise actually seen (Bell & McCaffrey
2002; Imbens & Kolesár 2016), and so does the bias of the HC3 standard errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.distributions import t_quantile
from harness.model.linear import Array, leverage

SMALLEST_SHARE = 0.15
"""Noise is nowhere taken for less than this share of its mean: a trend from a dozen bursts is rough."""


@dataclass(frozen=True)
class NoiseTrend:
    """Size of the noise as a straight line in x; only ratios of it carry meaning."""

    middle_x: float
    mean: float
    slope: float

    def at(self, x: Array | float) -> Array:
        """Size of the noise at `x`, in the shape of `x`."""
        trend = self.mean + self.slope * (np.asarray(x, dtype=float) - self.middle_x)
        return np.asarray(np.maximum(trend, SMALLEST_SHARE * self.mean))

    def growth(self, x: float) -> float:
        """Noise at `x` over the mean noise; never below 1, so as to err to the cautious side."""
        return max(1.0, float(self.at(x)) / self.mean) if self.mean > 0 else 1.0


def noise_trend(x: Array, residuals: Array) -> NoiseTrend:
    """Trend of the size of `residuals` over `x`, both of shape (n,), by least squares (Glejser 1969)."""
    size = np.abs(residuals) / np.sqrt(1 - leverage(x))
    centred = x - x.mean()
    return NoiseTrend(float(x.mean()), float(size.mean()), float(np.sum(centred * size) / np.sum(centred**2)))


def small_sample_factors(x: Array, noise: Array, confidence: float) -> tuple[float, float]:
    """How many HC3 standard errors a two-sided interval takes on each side: for base, for slope.

    Args:
        x: shape (n,).
        noise: size of the noise at each `x`, shape (n,), up to a common factor; positive.
        confidence: such as 0.95.
    """
    n = len(x)
    centred = x - x.mean()
    of_slope = centred / np.sum(centred**2)
    of_base = 1 / n - x.mean() * of_slope
    return (_factor(x, noise**2, of_base, confidence), _factor(x, noise**2, of_slope, confidence))


def expected_reach(x: Array, confidence: float) -> float:
    """How far the slope's interval is expected to reach to each side, where the noise is alike everywhere.

    Args:
        x: shape (n,), three or more of them, not all alike.
        confidence: such as 0.95.

    Returns:
        In units of the noise over that of `x`.
    """
    centred = x - x.mean()
    of_slope = centred / np.sum(centred**2)
    degrees, _ = _degrees_and_inflation(x, np.ones_like(x), of_slope)
    return t_quantile(0.5 + confidence / 2, degrees) * float(np.sqrt(np.sum(of_slope**2)))


def _factor(x: Array, variance: Array, influence: Array, confidence: float) -> float:
    degrees, inflation = _degrees_and_inflation(x, variance, influence)
    return t_quantile(0.5 + confidence / 2, degrees) / float(np.sqrt(inflation))


def _degrees_and_inflation(x: Array, variance: Array, influence: Array) -> tuple[float, float]:
    """Of the HC3 variance: Satterthwaite's degrees of freedom, and its mean as a multiple of the true one."""
    n = len(x)
    centred = x - x.mean()
    residual_maker = np.eye(n) - 1 / n - np.outer(centred, centred) / np.sum(centred**2)
    scaled = residual_maker * (influence / (1 - leverage(x)))
    quadratic = (scaled @ scaled.T) * variance
    expected = float(np.trace(quadratic))
    degrees = max(expected**2 / float(np.sum(quadratic * quadratic.T)), 1.0)
    return degrees, expected / float(np.sum(influence**2 * variance))

"""95 % intervals of a line's base and slope, and of a mean.

For a line: a wild bootstrap-t over bursts (Wu 1986; Davidson & Flachaire 2008). Each burst's residual is
flipped at random, the line fitted again, and the studentised distance to the original recorded; its 95 %
quantile replaces the normal 1.96. Flipping keeps each burst's own noise level, so a noisier high level is no
harm. With the dozen bursts of a quick experiment the bootstrap alone is slightly too sure of itself, hence
Student's quantile with Satterthwaite's degrees of freedom (`noise.py`) is taken where it is wider. The unit
tests simulate 1,000 experiments to hold this to account.

What no interval here can do: where rare bursts are far off (idle CPU with an occasional spike), a handful
that happens to hold none of them says nothing about them, and the interval of a mean is then too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.distributions import t_quantile
from harness.model.linear import Array, LineFit, fit_line, least_scale_of, leverage
from harness.model.noise import noise_trend, small_sample_factors

CONFIDENCE = 0.95
CHOSEN_CONFIDENCE = 0.975
"""For a line whose interval decided itself how many bursts there are: one that is narrow by chance ends them.
With this, 95 of 100 hold the truth, as `tests/unit/test_model_next_level.py` simulates.
"""
RESAMPLES = 999
MINIMUM_FOR_LINE = 6
MINIMUM_FOR_MEAN = 3
_HIGHEST_LEVERAGE = 1 - 1e-9
_ROUNDING = 1e-9
"""Share of the largest below which a number is what rounding left of zero."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval and the number of bursts behind it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class NotEstimable:
    """Why there is no number."""

    reason: str
    n: int


@dataclass(frozen=True)
class Line:
    """A fitted line: base, slope, and what prediction needs."""

    base: Estimate
    slope: Estimate
    fit: LineFit
    x: Array
    y: Array


def estimate_line(
    x: Array,
    y: Array,
    seed: int,
    least_scale: float | None = None,
    confidence: float = CONFIDENCE,
) -> Line | NotEstimable:
    """Base and slope of `y` against `x` with intervals.

    Args:
        x, y: shape (n,); pairs with a nan are left out.
        seed: of the bootstrap.
        least_scale: as in `fit_line`; None for what the values themselves say.
        confidence: of the intervals, as for bursts that were all planned beforehand.
    """
    whole = np.isfinite(x) & np.isfinite(y)
    x, y = x[whole], y[whole]
    n = len(x)
    if n < MINIMUM_FOR_LINE:
        return NotEstimable(f"too few bursts: {n}, at least {MINIMUM_FOR_LINE} are needed", n)
    if len(np.unique(x)) < 2:
        return NotEstimable("all bursts had the same concurrency; measure another level", n)
    if leverage(x).max() > _HIGHEST_LEVERAGE:
        return NotEstimable("all bursts but one had the same concurrency; repeat the other level", n)
    if least_scale is None:
        least_scale = least_scale_of(y)
    fit = fit_line(x, y, least_scale)
    base_factor, slope_factor = _critical_values(x, y, fit, least_scale, seed, confidence)
    return Line(
        base=_estimate(fit.base, fit.base_error, base_factor, n),
        slope=_estimate(fit.slope, fit.slope_error, slope_factor, n),
        fit=fit,
        x=x,
        y=y,
    )


def estimate_mean(values: Array) -> Estimate | NotEstimable:
    """Mean of `values`, shape (n,), with Student's interval; nan are left out."""
    kept = values[np.isfinite(values)]
    n = len(kept)
    if n < MINIMUM_FOR_MEAN:
        return NotEstimable(f"too few bursts: {n}, at least {MINIMUM_FOR_MEAN} are needed", n)
    error = kept.std(ddof=1) / np.sqrt(n)
    return _estimate(kept.mean(), error, _student(n - 1), n)


def _critical_values(
    x: Array, y: Array, fit: LineFit, least_scale: float, seed: int, confidence: float
) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    residuals = y - fit.base - fit.slope * x
    if np.all(np.abs(residuals) <= 1e-9 * np.abs(y).max()):
        return 0.0, 0.0  # the points lie on the line: nothing to resample
    signs = rng.choice(np.array([-1.0, 1.0]), size=(RESAMPLES, len(x)))
    # The fit moves along with any line added to y, so refitting the noise alone gives the distances.
    again = fit_line(x, residuals / (1 - leverage(x)) * signs, least_scale)
    few_base, few_slope = small_sample_factors(x, noise_trend(x, residuals).at(x), confidence)
    return (
        max(_quantile(again.base, again.base_error, confidence), few_base),
        max(_quantile(again.slope, again.slope_error, confidence), few_slope),
    )


def _quantile(distance: Array, error: Array, confidence: float) -> float:
    # Signs that make the noise a straight line leave an error of nothing but rounding.
    usable = error > _ROUNDING * error.max()
    return float(np.quantile(np.abs(distance[usable] / error[usable]), confidence))


def _student(degrees: int) -> float:
    return t_quantile(0.5 + CONFIDENCE / 2, degrees)


def _estimate(value: Array | float, error: Array | float, factor: float, n: int) -> Estimate:
    middle, reach = float(value), float(error) * factor
    return Estimate(middle, middle - reach, middle + reach, n)

"""A robust straight line, fitted to one or to many samples at once.

Huber's M-estimator by iteratively reweighted least squares (Huber 1964; Maronna, Martin & Yohai 2006,
ch. 4): as good as least squares on clean data, and one odd burst does not pull the line away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HUBER_K = 2.0
"""Residuals beyond this many robust standard deviations lose weight; 2.0 keeps 99 % efficiency."""
ITERATIONS = 12
MAD_TO_SIGMA = 1.4826
_TINY = 1e-12
_AT_ONCE = 1024
"""Samples that are fitted together: what is computed on the way stays in the processor's cache, and is too
small for the linear algebra to wake threads, which cost more than they save where others compute too."""


@dataclass(frozen=True)
class LineFit:
    """`y = base + slope * x`, with sandwich standard errors (HC3, MacKinnon & White 1985).

    Every attribute has the shape of `y` without its last axis.
    """

    base: Array
    slope: Array
    base_error: Array
    slope_error: Array


def fit_line(x: Array, y: Array, least_scale: float = _TINY) -> LineFit:
    """Fit a robust line to each sample.

    Args:
        x: shape (n,), at least two distinct values.
        y: shape (..., n); each last axis is a sample that is fitted by itself.
        least_scale: standard deviation that the noise has at least, in units of y.
    """
    if y.ndim != 2 or len(y) <= _AT_ONCE:
        return _fit_at_once(x, y, least_scale)
    parts = [_fit_at_once(x, y[at : at + _AT_ONCE], least_scale) for at in range(0, len(y), _AT_ONCE)]
    return LineFit(
        np.concatenate([one.base for one in parts]),
        np.concatenate([one.slope for one in parts]),
        np.concatenate([one.base_error for one in parts]),
        np.concatenate([one.slope_error for one in parts]),
    )


def _fit_at_once(x: Array, y: Array, least_scale: float) -> LineFit:
    weights = np.ones_like(y)
    studentise = 1 / np.sqrt(1 - leverage(x))
    base, slope = _weighted(x, y, weights)
    for _ in range(ITERATIONS):
        residuals = y - base[..., None] - slope[..., None] * x
        weights = _huber_weights(residuals * studentise, least_scale)
        base, slope = _weighted(x, y, weights)
    base_error, slope_error = _sandwich(x, y - base[..., None] - slope[..., None] * x, weights)
    return LineFit(base, slope, base_error, slope_error)


def leverage(x: Array) -> Array:
    """Diagonal of the hat matrix of a straight line; shape (n,)."""
    centred = x - x.mean()
    return np.asarray(1 / len(x) + centred**2 / np.sum(centred**2))


def least_scale_of(y: Array) -> float:
    """A tenth of the smallest step between values: less is no noise, but the grain of what is counted.

    Counts often lie exactly on a line but for one. Without this the scale would then be zero, the odd one
    without any weight, and the interval without any bound. Finely read values have next to no grain.

    Args:
        y: shape (n,).
    """
    steps = np.diff(np.unique(y))
    return 0.1 * float(steps.min()) if len(steps) else _TINY


def _huber_weights(residuals: Array, least_scale: float) -> Array:
    size = np.abs(residuals)
    # A line passes near two points whatever the noise; with few bursts they would shrink the scale.
    n = size.shape[-1]
    lower, upper = 2 + (n - 3) // 2, 2 + (n - 2) // 2
    ordered = np.sort(size, axis=-1)  # of so few it is four times as fast as a partition
    scale = MAD_TO_SIGMA * (ordered[..., lower, None] + ordered[..., upper, None]) / 2
    limit = HUBER_K * np.maximum(scale, max(least_scale, _TINY))
    return np.asarray(np.minimum(1.0, limit / np.maximum(size, _TINY)))


def _weighted(x: Array, y: Array, weights: Array) -> tuple[Array, Array]:
    # Products with fixed vectors: several times faster than sums over the short last axis.
    middle = x.mean()
    centred = x - middle
    total = weights @ np.ones_like(x)
    first, second = weights @ centred, weights @ centred**2
    weighted_y = weights * y
    sum_y, sum_xy = weighted_y @ np.ones_like(x), weighted_y @ centred
    slope = (total * sum_xy - first * sum_y) / (total * second - first**2)
    return (sum_y - slope * first) / total - slope * middle, slope


def _sandwich(x: Array, residuals: Array, weights: Array) -> tuple[Array, Array]:
    """Standard errors of base and slope from the residuals themselves, so unequal noise is no harm."""
    total = weights.sum(axis=-1)[..., None]
    mean_x = (weights * x).sum(axis=-1)[..., None] / total
    centred = x - mean_x
    spread = (weights * centred**2).sum(axis=-1)[..., None]
    hat = weights * (1 / total + centred**2 / spread)
    scaled = weights * residuals / np.maximum(1 - hat, 0.05)
    slope_influence = centred / spread * scaled
    base_influence = (1 / total - mean_x * centred / spread) * scaled
    return (
        np.sqrt((base_influence**2).sum(axis=-1)),
        np.sqrt((slope_influence**2).sum(axis=-1)),
    )

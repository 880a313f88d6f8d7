"""The ratio of two means, and of two other estimates, with intervals."""

from __future__ import annotations

import numpy as np

from harness.model.distributions import t_quantile
from harness.model.intervals import CONFIDENCE, MINIMUM_FOR_MEAN, Estimate, NotEstimable
from harness.model.linear import Array


def ratio_of_means(above: Array, below: Array) -> Estimate | NotEstimable:
    """mean(above) / mean(below) of independent samples; nan are left out.

    The interval is the delta method's on the logarithm, with Welch's degrees of freedom (Lohr 2010, section
    4.1; Welch 1947). `n` is the size of the smaller sample.
    """
    a, b = (values[np.isfinite(values)] for values in (above, below))
    n = min(len(a), len(b))
    if n < MINIMUM_FOR_MEAN:
        return NotEstimable(f"too few bursts: {n}, at least {MINIMUM_FOR_MEAN} are needed", n)
    if a.mean() <= 0 or b.mean() <= 0:
        return NotEstimable("a mean of zero has no ratio", n)
    parts = np.array([np.var(v, ddof=1) / len(v) / v.mean() ** 2 for v in (a, b)])
    error = float(np.sqrt(parts.sum()))
    sizes = np.array([len(a) - 1, len(b) - 1])
    degrees = float(parts.sum() ** 2 / np.sum(parts**2 / sizes)) if error > 0 else float(sizes.sum())
    reach = t_quantile(0.5 + CONFIDENCE / 2, degrees) * error
    value = float(a.mean() / b.mean())
    return Estimate(value, value * float(np.exp(-reach)), value * float(np.exp(reach)), n)


def combine(
    first: Estimate, second: Estimate, value: float, first_weight: float, second_weight: float
) -> Estimate:
    """An estimate whose error is that of two independent ones, each times its weight, added in quadrature."""
    reach = float(
        np.hypot(
            first_weight * (first.high - first.low) / 2,
            second_weight * (second.high - second.low) / 2,
        )
    )
    return Estimate(value, value - reach, value + reach, min(first.n, second.n))

"""Whether points with repeated levels lie on a straight line at all: the pure-error F test.

Draper & Smith, Applied Regression Analysis (1998), section 2.1. A test alone would call any tiny bend
significant once the bursts repeat well, so the bend must also matter in size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.distributions import f_tail
from harness.model.linear import Array

SIGNIFICANCE = 0.01
MATTERS_FROM = 0.03
"""Share of the fitted value by which some level must be off for a bend to matter."""


@dataclass(frozen=True)
class LackOfFit:
    """Result of the test."""

    statistic: float
    p_value: float
    max_relative_deviation: float
    """Largest distance of a level's mean from the line, as a share of the line's value there."""
    lacks_fit: bool


def lack_of_fit(x: Array, y: Array, base: float, slope: float) -> LackOfFit | None:
    """Test the line `base + slope * x`; None with fewer than three levels or without repeats.

    Args:
        x, y: shape (n,), finite.
    """
    levels, index, counts = np.unique(x, return_inverse=True, return_counts=True)
    free_levels, free_repeats = len(levels) - 2, len(x) - len(levels)
    if free_levels < 1 or free_repeats < 1:
        return None
    means = np.bincount(index, weights=y) / counts
    fitted = base + slope * levels
    pure = float(np.sum((y - means[index]) ** 2)) / free_repeats
    bend = float(np.sum(counts * (means - fitted) ** 2)) / free_levels
    deviation = float(np.max(np.abs(means - fitted) / np.maximum(np.abs(fitted), 1e-12)))
    if pure <= 1e-18 * float(np.mean(y**2)):
        # Repeats agree to the last digit (counts of threads do): no noise a bend could be mistaken for.
        matters = deviation > MATTERS_FROM
        return LackOfFit(np.inf if matters else 0.0, 0.0 if matters else 1.0, deviation, matters)
    statistic = bend / pure
    p_value = f_tail(statistic, free_levels, free_repeats)
    return LackOfFit(statistic, p_value, deviation, p_value < SIGNIFICANCE and deviation > MATTERS_FROM)

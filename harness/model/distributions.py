"""Quantiles and tails of the distributions that the model uses.

Of `scipy.special`, as `scipy.stats` takes a second to import and gives the same numbers.
"""

from __future__ import annotations

import numpy as np
from scipy import special


def t_quantile(share: float, degrees: float) -> float:
    """Student's t that a share of the distribution lies below, with these degrees of freedom."""
    return float(special.stdtrit(degrees, share))


def f_tail(statistic: float, between: float, within: float) -> float:
    """Probability that F with these degrees of freedom exceeds `statistic`."""
    return float(special.fdtrc(between, within, statistic))


def poisson_tail(count: float, mean: float) -> float:
    """Probability that a Poisson number of this mean exceeds `count`."""
    return float(special.pdtrc(np.floor(count), mean))


def poisson_quantile(share: float, mean: float) -> int:
    """Smallest count that a Poisson number of this mean does not exceed with probability `share`."""
    count = np.ceil(special.pdtrik(share, mean))
    below = max(count - 1, 0)
    return int(below if special.pdtr(below, mean) >= share else count)

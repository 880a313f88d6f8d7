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


def poisson_mean_at_most(count: int, share: float = 0.975) -> float:
    """Largest mean that such a count does not rule out, one-sided (Garwood 1936, Biometrika 28)."""
    return float(special.gammaincinv(count + 1, share))


def share_at_most(count: int, of: int, share: float = 0.975) -> float:
    """Largest chance that a count of so many does not rule out, one-sided (Clopper & Pearson 1934)."""
    return 1.0 if count >= of else float(special.betaincinv(count + 1, of - count, share))

"""Whether a constant differs between two samples of bursts. Pure.

A permutation test by Freedman & Lane (1983; Winkler et al. 2014): under the hypothesis that the constant is
the same in both, the bursts' residuals are exchangeable within a stratum, such as one level in one round.
They are permuted there, added to what the hypothesis fits, and the studentised difference is computed again.
Strata keep a level's own noise to that level, and a drift of the machine to its round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.model.constants import Points, estimate_points
from harness.model.intervals import Estimate, NotEstimable
from harness.model.linear import Array, fit_line

PERMUTATIONS = 1999
_SAME = 1e-9
"""Values that are alike but for rounding, as a share of the larger."""

Strata = NDArray[np.int64]


@dataclass(frozen=True)
class Difference:
    """A constant of a sample beside that of the baseline."""

    baseline: Estimate
    other: Estimate
    ratio: Estimate
    """Other / baseline, with its 95 % interval."""
    p_value: float
    """Two-sided, that both are the same; not corrected for the number of comparisons."""


def difference(
    baseline: Points, other: Points, strata: tuple[Strata, Strata], seed: int
) -> Difference | NotEstimable:
    """The difference of one constant between two samples.

    Args:
        baseline, other: points of the same constant.
        strata: of the bursts of each, shapes (n_baseline,) and (n_other,): residuals are exchanged only
            between bursts with the same number.
        seed: of the permutations.
    """
    estimates = [estimate_points(points, seed)[0] for points in (baseline, other)]
    for estimate in estimates:
        if isinstance(estimate, NotEstimable):
            return estimate
    first, second = (one for one in estimates if isinstance(one, Estimate))
    if first.value <= 0 or second.value <= 0:
        return NotEstimable("not above zero: there is no ratio", min(first.n, second.n))
    pooled = _Pooled.of(baseline, other, strata)
    if not pooled.exchangeable:
        return NotEstimable("no level was measured in both", min(first.n, second.n))
    return Difference(first, second, _ratio(first, second), pooled.p_value(seed))


def holm(p_values: list[float]) -> list[float]:
    """P-values corrected for their number (Holm 1979), in the same order."""
    order = np.argsort(p_values, kind="stable")
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order.tolist()):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


def _ratio(first: Estimate, second: Estimate) -> Estimate:
    """Of two independent estimates: relative errors in quadrature, on the logarithm (the delta method)."""
    relative = [(one.high - one.low) / 2 / one.value for one in (first, second)]
    value, reach = second.value / first.value, math.hypot(*relative)
    return Estimate(value, value * math.exp(-reach), value * math.exp(reach), min(first.n, second.n))


@dataclass(frozen=True)
class _Pooled:
    """Bursts of both samples, sorted by stratum."""

    part: str
    x: Array
    y: Array
    strata: Strata
    other: NDArray[np.bool_]

    @classmethod
    def of(cls, baseline: Points, other: Points, strata: tuple[Strata, Strata]) -> _Pooled:
        x, y = (np.concatenate([getattr(one, name) for one in (baseline, other)]) for name in ("x", "y"))
        which = np.concatenate([np.zeros(len(baseline.y), dtype=bool), np.ones(len(other.y), dtype=bool)])
        numbers = np.concatenate(strata)
        kept = np.isfinite(y) & (np.isfinite(x) | (baseline.part == "mean"))
        order = np.flatnonzero(kept)[np.argsort(numbers[kept], kind="stable")]
        return cls(baseline.part, x[order], y[order], numbers[order], which[order])

    @property
    def exchangeable(self) -> bool:
        """Whether any stratum has bursts of both."""
        return bool(np.intersect1d(self.strata[self.other], self.strata[~self.other]).size)

    def p_value(self, seed: int) -> float:
        """Share of permutations, this one included, whose difference is as large."""
        fitted = self._same()
        residuals = self.y - fitted
        rng = np.random.default_rng(seed)
        # sorted by stratum and at random within it
        keys = self.strata + rng.random((PERMUTATIONS, len(self.y)))
        permuted = np.take_along_axis(
            np.broadcast_to(residuals, keys.shape), np.argsort(keys, axis=-1), axis=-1
        )
        seen = abs(float(self._statistic(self.y[None, :])[0]))
        found = np.abs(self._statistic(fitted + permuted))
        return float((1 + np.sum(found >= seen * (1 - _SAME))) / (1 + PERMUTATIONS))

    def _same(self) -> Array:
        """What fits best if the constant is the same in both and all else is not; shape (n,)."""
        one, own = np.ones_like(self.y), self.other.astype(float)
        designs = {
            "slope": [1 - own, own, self.x],
            "base": [one, self.x * (1 - own), self.x * own],
            "mean": [one],
        }
        design = np.column_stack(designs[self.part])
        return np.asarray(design @ np.linalg.lstsq(design, self.y, rcond=None)[0])

    def _statistic(self, y: Array) -> Array:
        """Studentised difference of each row of `y`, shape (rows, n)."""
        (a, error_a), (b, error_b) = (self._fit(y, chosen) for chosen in (~self.other, self.other))
        error = np.hypot(error_a, error_b)
        apart = b - a
        alike = np.abs(apart) <= _SAME * np.maximum(np.abs(a), np.abs(b))
        with np.errstate(divide="ignore", invalid="ignore"):
            studentised: Array = np.where(alike, 0.0, apart / error)
        return studentised

    def _fit(self, y: Array, chosen: NDArray[np.bool_]) -> tuple[Array, Array]:
        values = y[:, chosen]
        if self.part == "mean":
            return values.mean(axis=-1), values.std(axis=-1, ddof=1) / np.sqrt(values.shape[-1])
        fit = fit_line(self.x[chosen], values)
        return (fit.base, fit.base_error) if self.part == "base" else (fit.slope, fit.slope_error)

"""Whether a constant differs between two samples of bursts. Pure.

A permutation test by Freedman & Lane (1983; Winkler et al. 2014): under the hypothesis that the constant is
the same in both, the bursts' residuals are exchangeable within a stratum, such as one level in one round.
They are permuted there, added to what the hypothesis fits, and the studentised difference is computed again.
Strata keep a level's own noise to that level, and a drift of the machine to its round.

Lines that were measured on several machines have the machines' effects in both hypotheses (`blocks`).
Means are compared on the logarithm, with an effect of each stratum beside that of the sample: with one burst
of each in a stratum that is the paired comparison. The test is then exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from harness.model.blocks import Blocks
from harness.model.constants import estimate_points
from harness.model.definition import Part, Points
from harness.model.distributions import t_quantile
from harness.model.intervals import CONFIDENCE, Estimate, NotEstimable, estimate_line
from harness.model.linear import Array, fit_line, least_scale_of

PERMUTATIONS = 1999
"""Of one comparison alone."""
_NORMAL_95 = 1.959964
"""Standard deviations that 95 % of a normal distribution are within."""
_MOST_REACH = 10.0
"""Of an interval on the logarithm: beyond a ratio of 20,000 either way, nothing is known."""
_SAME = 1e-9
"""Values that are alike but for rounding, as a share of the larger."""

Strata = NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """How the bursts of a sample were measured; shapes (n,)."""

    strata: Strata
    """Residuals are exchanged only between bursts with the same number."""
    blocks: NDArray[np.str_]
    """The machine of each; all alike where there is one."""

    @classmethod
    def of_one_machine(cls, strata: Strata) -> Design:
        """All bursts on the same."""
        return cls(strata, np.full(len(strata), ""))


@dataclass(frozen=True)
class Difference:
    """A constant of a sample beside that of the baseline."""

    baseline: Estimate
    other: Estimate
    ratio: Estimate
    """Other / baseline, with its 95 % interval."""
    p_value: float
    """Two-sided, that both are the same; not corrected for the number of comparisons."""
    least_p_value: float
    """The smallest that so many bursts could give, however far apart they are."""
    of_estimates: bool = False
    """Whether no bursts were known, only the intervals of both."""
    statistics: Array = field(default_factory=lambda: np.empty(0), repr=False, compare=False)
    """Size of the studentised difference: as it was measured, and then of each permutation; shape
    (1 + permutations,)."""


def difference(
    baseline: Points,
    other: Points,
    designs: tuple[Design, Design],
    seed: int,
    permutations: int = PERMUTATIONS,
    place: int = 0,
) -> Difference | NotEstimable:
    """The difference of one constant between two samples.

    Args:
        baseline, other: points of the same constant.
        designs: of the bursts of each, in the order of the points.
        seed: of the permutations and the bootstraps.
        permutations: how many; p is no less than one of so many.
        place: with the same one, all constants have the same permutations.
    """
    first, second = (estimate_points(points, seed)[0] for points in (baseline, other))
    if isinstance(first, NotEstimable):
        return first
    if isinstance(second, NotEstimable):
        return second
    n = min(first.n, second.n)
    pooled = _Pooled.of(baseline, other, designs)
    if first.value <= 0 or second.value <= 0 or (pooled.part == "mean" and (pooled.y <= 0).any()):
        return NotEstimable("not above zero: there is no ratio", n)
    if not pooled.exchangeable:
        return NotEstimable("no level was measured in both", n)
    if pooled.part == "mean":
        pooled = replace(pooled, y=np.log(pooled.y))
        ratio = pooled.ratio_of_means(n)
    else:
        if pooled.blocks is not None:
            first, second = pooled.levelled_estimates(seed)
        known = _ratio(first, second, pooled.widening)
        if isinstance(known, NotEstimable):
            return known
        ratio = known
    statistics = pooled.statistics(seed + place, permutations)
    p_value = float(np.mean(statistics >= statistics[0]))
    least = min(p_value, pooled.least_p_value())
    return Difference(first, second, ratio, p_value, least, statistics=statistics)


def difference_of_estimates(first: Estimate, second: Estimate) -> Difference | NotEstimable:
    """The difference of two constants of which no bursts are known, by their intervals alone.

    They are taken for independent, and the logarithm of their ratio for normal.
    """
    if min(first.value, second.value) <= 0:
        return NotEstimable("not above zero: there is no ratio", min(first.n, second.n))
    ratio = _ratio(first, second)
    if isinstance(ratio, NotEstimable):
        return ratio
    reach = math.log(ratio.high / ratio.value)
    distance = abs(math.log(ratio.value)) / reach if reach else math.inf
    p_value = math.erfc(distance * _NORMAL_95 / math.sqrt(2))
    return Difference(first, second, ratio, p_value, 0.0, of_estimates=True)


def _ratio(first: Estimate, second: Estimate, widening: float = 1.0) -> Estimate | NotEstimable:
    """Of two independent estimates: relative errors in quadrature, on the logarithm (the delta method)."""
    relative = [(one.high - one.low) / 2 / one.value for one in (first, second)]
    value, reach = second.value / first.value, widening * math.hypot(*relative)
    n = min(first.n, second.n)
    if reach > _MOST_REACH:
        return NotEstimable("its interval is many times as wide as it is large", n)
    return Estimate(value, value * math.exp(-reach), value * math.exp(reach), n)


@dataclass(frozen=True)
class _Pooled:
    """Bursts of both samples, sorted by stratum."""

    part: Part
    x: Array
    y: Array
    strata: Strata
    other: NDArray[np.bool_]
    places: NDArray[np.int64]
    """Where each burst is among all of the baseline and then of the other, those without a value too."""
    bursts: int
    """So many are all of them."""
    blocks: Blocks | None

    @classmethod
    def of(cls, baseline: Points, other: Points, designs: tuple[Design, Design]) -> _Pooled:
        x, y = (np.concatenate([getattr(one, name) for one in (baseline, other)]) for name in ("x", "y"))
        which = np.concatenate([np.zeros(len(baseline.y), dtype=bool), np.ones(len(other.y), dtype=bool)])
        numbers = np.concatenate([one.strata for one in designs])
        machines = np.concatenate([one.blocks for one in designs])
        kept = np.isfinite(y) & (np.isfinite(x) | (baseline.part == "mean"))
        order = np.flatnonzero(kept)[np.argsort(numbers[kept], kind="stable")]
        x, y, which = x[order], y[order], which[order]
        # Of a mean each stratum has an effect of its own already, and is of one machine.
        blocks = None if baseline.part == "mean" else Blocks.of(x, which, machines[order])
        return cls(baseline.part, x, y, numbers[order], which, order, len(numbers), blocks)

    @property
    def exchangeable(self) -> bool:
        """Whether any stratum has bursts of both."""
        return bool(np.intersect1d(self.strata[self.other], self.strata[~self.other]).size)

    @property
    def widening(self) -> float:
        """What the machines' effects cost in certainty."""
        return 1.0 if self.blocks is None else self.blocks.widening(len(self.y))

    def levelled_estimates(self, seed: int) -> tuple[Estimate, Estimate]:
        """Of both samples, as machines that are all alike would have given them."""
        y = self._level(self.y)
        found = []
        for one in (~self.other, self.other):
            line = estimate_line(self.x[one], y[one], seed, self._grain)
            assert not isinstance(line, NotEstimable)  # it is of the same bursts as that of raw values
            found.append(line.base if self.part == "base" else line.slope)
        return found[0], found[1]

    def statistics(self, seed: int, permutations: int) -> Array:
        """Size of the difference, as it was measured and then of permutations; shape (1 + permutations,)."""
        fitted = self._same()
        residuals = self.y - fitted
        rng = np.random.default_rng(seed)
        # sorted by stratum and at random within it
        keys = self.strata + rng.random((permutations, self.bursts))[:, self.places]
        permuted = np.take_along_axis(
            np.broadcast_to(residuals, keys.shape), np.argsort(keys, axis=-1), axis=-1
        )
        seen = np.abs(self._statistic(self.y[None, :]))
        found = np.abs(self._statistic(fitted + permuted))
        # What is as large but for rounding is as large.
        return np.concatenate([seen, np.where(found >= seen * (1 - _SAME), np.maximum(found, seen), found)])

    def least_p_value(self) -> float:
        """One in so many orders of the residuals that differ, or two where the mirror of each is as far."""
        orders = 0.0
        for stratum in np.unique(self.strata):
            size, own = np.sum(self.strata == stratum), np.sum(self.other[self.strata == stratum])
            orders += math.log(math.comb(size, own) if self.part == "mean" else math.factorial(size))
        return min(1.0, (2 if self.part == "mean" else 1) * math.exp(-orders))

    def ratio_of_means(self, n: int) -> Estimate:
        """Of logarithms: the effect of the sample beside those of the strata, with Student's interval."""
        apart, error = (float(one[0]) for one in self._effect(self.y[None, :]))
        reach = t_quantile(0.5 + CONFIDENCE / 2, self._degrees()) * error
        return Estimate(math.exp(apart), math.exp(apart - reach), math.exp(apart + reach), n)

    def _same(self) -> Array:
        """What fits best if the constant is the same in both and all else is not; shape (n,)."""
        one, own = np.ones_like(self.y), self.other.astype(float)
        if self.part == "mean":
            return np.asarray(self.y - self._within(self.y))
        columns = [1 - own, own, self.x] if self.part == "slope" else [one, self.x * (1 - own), self.x * own]
        design = np.column_stack(columns if self.blocks is None else [*columns, self.blocks.columns])
        return np.asarray(design @ np.linalg.lstsq(design, self.y, rcond=None)[0])

    @property
    def _grain(self) -> float:
        """Of the raw values: what machines add, and is taken out, would make counts look finely read."""
        return least_scale_of(self.y)

    def _level(self, y: Array) -> Array:
        return y if self.blocks is None else self.blocks.level(y)

    def _within(self, values: Array) -> Array:
        """Values less the mean of their stratum; the last axis is that of bursts."""
        _, number, sizes = np.unique(self.strata, return_inverse=True, return_counts=True)
        member = (number[:, None] == np.arange(len(sizes))).astype(float)
        return np.asarray(values - (values @ member / sizes) @ member.T)

    def _degrees(self) -> int:
        return max(1, len(self.y) - len(np.unique(self.strata)) - 1)

    def _effect(self, y: Array) -> tuple[Array, Array]:
        """Effect of being the other sample, beside those of the strata, and its standard error; by row."""
        own, centred = self._within(self.other.astype(float)), self._within(y)
        spread = float(own @ own)
        effect = centred @ own / spread
        rest = centred - effect[:, None] * own
        return effect, np.sqrt((rest**2).sum(axis=-1) / self._degrees() / spread)

    def _statistic(self, y: Array) -> Array:
        """Studentised difference of each row of `y`, shape (rows, n)."""
        if self.part == "mean":
            apart, error = self._effect(y)
            alike = np.abs(apart) <= _SAME
        else:
            level = self._level(y)
            (a, error_a), (b, error_b) = (self._fit(level, chosen) for chosen in (~self.other, self.other))
            apart, error = b - a, np.hypot(error_a, error_b)
            alike = np.abs(apart) <= _SAME * np.maximum(np.abs(a), np.abs(b))
        with np.errstate(divide="ignore", invalid="ignore"):
            studentised: Array = np.where(alike, 0.0, apart / error)
        return studentised

    def _fit(self, y: Array, chosen: NDArray[np.bool_]) -> tuple[Array, Array]:
        if self.blocks is None:
            fit = fit_line(self.x[chosen], y[:, chosen])
        else:
            fit = fit_line(self.x[chosen], y[:, chosen], self._grain)
        return (fit.base, fit.base_error) if self.part == "base" else (fit.slope, fit.slope_error)

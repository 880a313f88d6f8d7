"""What a unit of load costs, from scrapes of a server that is loaded by others. Pure.

Each scrape is one equation: what was used is a base and so much for each live run. Every life of the server
has a base of its own, since it may be another build of the code. Errors of neighbouring scrapes go together
(a run is live over many of them, caches fill and empty slowly), so that intervals come from a bootstrap of
whole blocks of time. The stamps of a metrics system may be late by a lag that nobody knows: it is the one at
which the equations fit best, found anew in every resample, so that not knowing it widens the intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.linear import MAD_TO_SIGMA, Array
from harness.model.observed_resamples import (
    CONFIDENCE,
    BlockSums,
    Combined,
    Draws,
    Numbers,
    inflation,
    inside,
    weighted,
)

RESAMPLES = 999
LEAST_BLOCK_SECONDS = 3600.0
RUNS_IN_BLOCK = 4.0
"""A block is at least so many times as long as the run that 95 % of runs are shorter than."""
LAGS = tuple(np.arange(-30.0, 30.5, 1.0).tolist())
"""Seconds by which stamps may be late; negative where they are early."""
BLOCKS_OF_A_SHORT_TIME = 12
"""A time that is too short for so many blocks of the usual length has so many all the same."""
LONGER_FROM_SECONDS = 86400.0
"""Blocks grow with the cube root of a time that is longer (Künsch 1989)."""
HUBER_K = 3.0
"""Residuals beyond this many robust standard deviations lose weight. The 2 of `linear` would take it from
many short spikes of a run's memory, which belong to what it costs."""
ITERATIONS = 20
_STRIDE = 4
"""Every so manieth lag is looked at first; the loss has one valley, many lags wide."""
_SETTLED = 1e-4
"""Standard deviations by which the fit of no scrape moves any more."""
_TINY = 1e-9

Design = Callable[[float], Array]
"""Rows of regressors for stamps that are so many seconds late, none constant: (scrapes, regressors)."""


@dataclass(frozen=True)
class ScrapeFit:
    """Coefficients of the base and of each regressor, shape (1 + regressors,), with their 95 % intervals.

    The base is the mean of those of the segments, each as often as it has scrapes; its interval is of these
    segments, not of one to come.
    """

    value: Array
    low: Array
    high: Array
    bases: Array
    """Of each segment; shape (segments,)."""
    lag: float
    """Seconds by which stamps are late."""
    lag_low: float
    lag_high: float
    scale: float
    """Robust standard deviation of the residuals, in units of what was fitted."""
    loss: float
    """Of all scrapes together, at that lag, to compare fits of the same values: less the logarithm of the
    likelihood, of Laplace's distribution, or of Gauss's for least squares."""
    residuals: Array
    """Shape (scrapes,)."""
    blocks: int
    held_by: Array
    """Effective number of blocks that each regressor varies in; shape (regressors,)."""
    inflation: Array
    """By how much the others, and a lag that is not known, inflate the variance of each; (regressors,)."""
    draws: Draws
    """Of the bootstrap, for sums of coefficients."""

    def combined(self, weights: Array) -> Combined:
        """Sums of coefficients, from the same resamples.

        Args:
            weights: of each coefficient in each sum, the base first; shape (sums, 1 + regressors).
        """
        low, high = self.draws.interval(self.value, weights)
        return Combined(weights @ self.value, low, high)

    def chances(self, weights: Array) -> Array:
        """How often the furthest of these sums would be as far from zero as each is, were all of them zero.

        By the largest studentised distance, so that many may be looked at together (Romano & Wolf 2005); the
        least of them is the chance that all are zero. Shape (sums,).

        Args:
            weights: as those of `combined`.
        """
        return self.draws.chances(self.value, weights)


def block_seconds(run_seconds: Array, span: float) -> float:
    """Length of a block for runs that last so long.

    Of less than half a day, blocks are shorter than an hour, so that there are enough of them: then intervals
    do not hold what changes more slowly than that.

    Args:
        run_seconds: shape (runs,), not empty.
        span: seconds of scrapes, of all segments together.
    """
    longer = float(np.cbrt(max(1.0, span / LONGER_FROM_SECONDS)))
    usual = min(longer * LEAST_BLOCK_SECONDS, span / BLOCKS_OF_A_SHORT_TIME)
    return max(usual, RUNS_IN_BLOCK * float(np.quantile(run_seconds, 0.95)))


def blocks_of(at: Array, segment: Numbers, length: float) -> Numbers:
    """Number of the block of each scrape, from 0: as long as `length`, and of one segment.

    Args:
        at: epoch seconds, shape (scrapes,).
        segment: of each scrape; shape (scrapes,).
        length: seconds.
    """
    pairs = np.column_stack([segment, np.floor((at - at.min()) / length).astype(np.int64)])
    return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1]).reshape(-1)


def fit_scrapes(
    values: Array,
    design: Design,
    segment: Numbers,
    blocks: Numbers,
    seed: int,
    lags: Sequence[float] = LAGS,
    smooth: bool = False,
    huber_k: float = HUBER_K,
    least_scale: float = _TINY,
) -> ScrapeFit:
    """Fit what scrapes said to what was live.

    Args:
        values: shape (scrapes,).
        design: the regressors; within segments none may be a sum of others.
        segment: number of the life of the server that each scrape is of, from 0, ascending; shape (scrapes,).
        blocks: number of each scrape's block, from 0; shape (scrapes,).
        seed: of the bootstrap.
        lags: those that are possible, in even steps; one where the lag is known.
        smooth: whether regressors change little by little with the lag, as means do. The lag is then one
            more coefficient, by the slope of what is fitted. Counts of an instant jump, and each resample
            then chooses among lags.
        huber_k: robust standard deviations beyond which a scrape loses weight; infinity for least squares.
        least_scale: standard deviation that residuals have at least, in units of `values`.
    """
    # Far from zero, squares would lose what matters.
    middle = float(np.median(values))
    centred = values - middle

    def robust(lag: float, before: _Robust | None) -> _Robust:
        return _robust(inside(design(lag), segment), centred, segment, before, huber_k, least_scale)

    fits = _fits_by_lag(lags, robust, len(values))
    best = min(fits, key=lambda place: fits[place].loss)
    # One set of weights for all: else a lag that fits badly would be forgiven what it does not explain.
    weights = fits[best].weights

    def sums(rows: Array) -> BlockSums:
        return BlockSums.of(rows, centred, weights, (weights == 1).astype(float), segment, blocks)

    rows = design(lags[best])
    if smooth and len(lags) > 1:
        beside = [max(best - 1, 0), min(best + 1, len(lags) - 1)]
        change = (design(lags[beside[1]]) - design(lags[beside[0]])) / (lags[beside[1]] - lags[beside[0]])
        rows = np.column_stack([rows, change @ weighted(rows, centred, weights, segment)[1]])
        near = {best: sums(rows)}
    else:
        near = {place: sums(design(lags[place])) for place in fits}
    whole = near[best]
    draws, chosen = _resampled(list(near.values()), whole, seed)
    low, high = draws.interval(whole.value, np.eye(len(whole.value)))
    if smooth and len(lags) > 1:
        lag_away, lag_low, lag_high = (float(one[-1]) for one in (whole.value, low, high))
        count = rows.shape[1]
    else:
        tail = (1 - CONFIDENCE) / 2
        away = np.asarray(lags)[list(near)][chosen] - lags[best]
        lag_away, (lag_low, lag_high) = 0.0, np.quantile(away, [tail, 1 - tail]).tolist()
        count = rows.shape[1] + 1
    upwards = np.eye(count)[0] * middle
    return ScrapeFit(
        value=whole.value[:count] + upwards,
        low=low[:count] + upwards,
        high=high[:count] + upwards,
        bases=whole.bases + middle,
        lag=lags[best] + lag_away,
        lag_low=lags[best] + lag_low,
        lag_high=lags[best] + lag_high,
        scale=fits[best].scale,
        loss=fits[best].loss,
        residuals=centred - whole.bases[segment] - rows @ whole.value[1:],
        blocks=len(whole.weight),
        held_by=whole.held_by()[: count - 1],
        inflation=inflation(inside(rows, segment))[: count - 1],
        draws=draws.first(count),
    )


def _resampled(near: Sequence[BlockSums], whole: BlockSums, seed: int) -> tuple[Draws, Numbers]:
    """Resamples of blocks, and which of the `near` lags each of them prefers; `whole` is one of those."""
    count, width = len(whole.weight), len(whole.value)
    drawn = (
        np.random.default_rng(seed)
        .multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
        .astype(float)
    )
    steps = [one.solve(drawn) for one in near]
    chosen = np.argmin([step.loss for step in steps], axis=0)
    distance, covariances = np.empty((RESAMPLES, width)), np.empty((RESAMPLES, width, width))
    for place in np.unique(chosen):
        mine = chosen == place
        distance[mine] = steps[place].value[mine] + near[place].value - whole.value
        covariances[mine] = near[place].covariances(drawn[mine], steps[place], mine)
    ones = np.ones((1, count))
    covariance = whole.covariances(ones, whole.solve(ones), np.array([True]))[0]
    return Draws(distance, covariances, covariance), np.asarray(chosen)


@dataclass(frozen=True)
class _Robust:
    weights: Array
    scale: float
    loss: float
    """As that of `ScrapeFit`."""


def _robust(
    rows: Array,
    values: Array,
    segment: Numbers,
    before: _Robust | None,
    huber_k: float,
    least_scale: float,
) -> _Robust:
    """Huber's M-estimator by iteratively reweighted least squares, as in `linear`.

    Begins with the weights of the lag `before`, which are nearly right.
    """
    weights = np.ones(len(values)) if before is None else before.weights
    fitted = np.zeros(len(values))
    for _ in range(ITERATIONS):
        bases, slopes = weighted(rows, values, weights, segment)
        last, fitted = fitted, bases[segment] + rows @ slopes
        size = np.abs(values - fitted)
        scale = max(MAD_TO_SIGMA * float(np.median(size)), least_scale)
        limit = huber_k * scale
        weights = np.where(size <= limit, 1.0, limit / np.maximum(size, _TINY))
        if np.abs(fitted - last).max() <= _SETTLED * scale:
            break
    # The best scale of each lag is taken. With the median's, a lag that explains most scrapes exactly, and
    # the others badly, would lose against one that explains none.
    far = float(np.mean(size**2) ** 0.5 if np.isinf(huber_k) else np.mean(size))
    return _Robust(weights, scale, len(values) * float(np.log(far + least_scale)))


def _fits_by_lag(
    lags: Sequence[float], fit: Callable[[float, _Robust | None], _Robust], scrapes: int
) -> dict[int, _Robust]:
    """Fits by the place of the lag, of all lags that a resample might prefer.

    First of a few lags, and then of those about the ones that are not out of the question.
    """
    found: dict[int, _Robust] = {}
    for place in range(0, len(lags), _STRIDE):
        found[place] = fit(lags[place], found.get(place - _STRIDE))
    beyond = max(0.05 * scrapes, 50.0)
    limit = min(one.loss for one in found.values()) + beyond
    for place in [place for place, one in found.items() if one.loss <= limit]:
        for beside in range(max(0, place - _STRIDE + 1), min(len(lags), place + _STRIDE)):
            if beside not in found:
                found[beside] = fit(lags[beside], found[place])
    limit = min(one.loss for one in found.values()) + beyond
    return {place: one for place, one in sorted(found.items()) if one.loss <= limit}

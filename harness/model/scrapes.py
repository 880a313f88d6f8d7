"""What a unit of load costs, from scrapes of a server that is loaded by others. Pure.

Each scrape is one equation: what was used is a base and so much for each live run. Errors of neighbouring scrapes
go together (a run is live over many of them, caches fill and empty slowly), so that intervals come from a
bootstrap of whole blocks of time (Künsch 1989; Lahiri 2003, chapter 2). The stamps of a metrics system may be late
by a lag that nobody knows: it is the one at which the equations fit best, found anew in every resample, so that not
knowing it widens the intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.model.linear import HUBER_K, ITERATIONS, MAD_TO_SIGMA, Array

RESAMPLES = 999
LEAST_BLOCK_SECONDS = 3600.0
RUNS_IN_BLOCK = 4.0
"""A block is at least so many times as long as the run that 95 % of runs are shorter than."""
LAGS = tuple(np.arange(-30.0, 30.5, 1.0).tolist())
"""Seconds by which stamps may be late; negative where they are early."""
CONFIDENCE = 0.95
_TINY = 1e-9

Design = Callable[[float], Array]
"""Rows of regressors for stamps that are so many seconds late; shape (scrapes, regressors)."""


@dataclass(frozen=True)
class ScrapeFit:
    """Coefficients, shape (regressors,), with their 95 % intervals."""

    value: Array
    low: Array
    high: Array
    lag: float
    """Seconds by which stamps are late."""
    lag_low: float
    lag_high: float
    scale: float
    """Robust standard deviation of the residuals, in units of what was fitted."""
    residuals: Array
    """Shape (scrapes,)."""
    blocks: int


def block_seconds(run_seconds: Array) -> float:
    """Length of a block for runs that last so long; shape (runs,), not empty."""
    return max(LEAST_BLOCK_SECONDS, RUNS_IN_BLOCK * float(np.quantile(run_seconds, 0.95)))


def blocks_of(at: Array, segment: NDArray[np.int64], length: float) -> NDArray[np.int64]:
    """Number of the block of each scrape, from 0: as long as `length`, and of one segment.

    Args:
        at: epoch seconds, shape (scrapes,).
        segment: of each scrape; shape (scrapes,).
        length: seconds.
    """
    pairs = np.column_stack([segment, np.floor((at - at.min()) / length).astype(np.int64)])
    return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1]).reshape(-1)


def fit_scrapes(
    values: Array, design: Design, blocks: NDArray[np.int64], seed: int, lags: Sequence[float] = LAGS
) -> ScrapeFit:
    """Fit what scrapes said to what was live.

    Args:
        values: shape (scrapes,).
        design: the regressors.
        blocks: number of each scrape's block, from 0; shape (scrapes,).
        seed: of the bootstrap.
        lags: those that are possible; one where the lag is known.
    """
    fits = [_robust(design(lag), values) for lag in lags]
    best = int(np.argmin([fit.loss for fit in fits]))
    count = int(blocks.max()) + 1
    near = _near(best, [fit.loss for fit in fits], len(values))
    # One set of weights for all: else a lag that fits badly would be forgiven what it does not explain.
    weights = fits[best].weights
    sums = [_BlockSums.of(design(lags[place]), values, weights, blocks, count) for place in near]
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    solved = [one.solve(drawn.astype(float)) for one in sums]
    chosen = np.argmin([one.loss for one in solved], axis=0)
    resampled, errors = (
        np.stack([getattr(one, name) for one in solved])[chosen, np.arange(RESAMPLES)]
        for name in ("value", "error")
    )
    whole = sums[near.index(best)].solve(np.ones((1, count)))
    value, error = whole.value[0], whole.error[0]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile((resampled - value) / errors, [tail, 1 - tail], axis=0) * error
    lag_low, lag_high = np.quantile(np.asarray(lags)[near][chosen], [tail, 1 - tail])
    return ScrapeFit(
        value=value,
        low=value - high,
        high=value - low,
        lag=float(lags[best]),
        lag_low=float(lag_low),
        lag_high=float(lag_high),
        scale=fits[best].scale,
        residuals=values - design(lags[best]) @ value,
        blocks=count,
    )


@dataclass(frozen=True)
class _Robust:
    value: Array
    weights: Array
    scale: float
    loss: float
    """Huber's, of all scrapes together."""


def _robust(rows: Array, values: Array) -> _Robust:
    """Huber's M-estimator by iteratively reweighted least squares, as in `linear`."""
    weights = np.ones(len(values))
    for _ in range(ITERATIONS):
        root = np.sqrt(weights)
        value = np.linalg.lstsq(rows * root[:, None], values * root, rcond=None)[0]
        size = np.abs(values - rows @ value)
        scale = max(MAD_TO_SIGMA * float(np.median(size)), _TINY)
        limit = HUBER_K * scale
        weights = np.where(size <= limit, 1.0, limit / np.maximum(size, _TINY))
    loss = np.where(size <= limit, size**2 / 2, limit * (size - limit / 2)) / scale**2
    return _Robust(value, weights, scale, float(loss.sum()) + len(values) * float(np.log(scale)))


def _near(best: int, losses: Sequence[float], scrapes: int) -> list[int]:
    """Places of the lags that a resample might prefer: all but those that are out of the question."""
    limit = losses[best] + max(0.05 * scrapes, 50.0)
    return [place for place, loss in enumerate(losses) if loss <= limit]


@dataclass(frozen=True)
class _Solved:
    value: Array
    """Shape (resamples, regressors)."""
    error: Array
    """Standard errors from what blocks say apart from one another (Liang & Zeger 1986); shape of `value`."""
    loss: Array
    """Weighted squares left over; shape (resamples,)."""


@dataclass(frozen=True)
class _BlockSums:
    """Sums of squares and products by block: a resample of blocks is a weighted sum of them."""

    squares: Array
    """Shape (blocks, regressors, regressors)."""
    products: Array
    """Shape (blocks, regressors)."""
    total: Array
    """Shape (blocks,)."""

    @staticmethod
    def of(
        rows: Array, values: Array, weights: Array, blocks: NDArray[np.int64], count: int
    ) -> _BlockSums:
        width = rows.shape[1]
        squares = np.empty((count, width, width))
        products = np.empty((count, width))
        for first in range(width):
            weighted = weights * rows[:, first]
            products[:, first] = np.bincount(blocks, weighted * values, count)
            for second in range(first, width):
                both = np.bincount(blocks, weighted * rows[:, second], count)
                squares[:, first, second] = squares[:, second, first] = both
        return _BlockSums(squares, products, np.bincount(blocks, weights * values**2, count))

    def solve(self, drawn: Array) -> _Solved:
        """The weighted least squares of each resample; `drawn` says how often it has each block."""
        count, width = self.products.shape
        squares = (drawn @ self.squares.reshape(count, -1)).reshape(-1, width, width)
        products = drawn @ self.products
        diagonal = np.einsum("rii->ri", squares)
        unit = np.sqrt(np.maximum(diagonal, _TINY))
        scaled = squares / unit[:, :, None] / unit[:, None, :] + _TINY * np.eye(width)
        inverse = np.linalg.inv(scaled) / unit[:, :, None] / unit[:, None, :]
        value = np.einsum("rvw,rw->rv", inverse, products)
        error = np.empty_like(value)
        for one in range(len(value)):
            scores = (self.products - self.squares @ value[one]) @ inverse[one]
            error[one] = np.sqrt(drawn[one] @ scores**2)
        return _Solved(value, error, drawn @ self.total - np.einsum("rw,rw->r", value, products))

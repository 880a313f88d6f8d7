"""Resamples of blocks of time, for equations whose bases differ from segment to segment. Pure.

A resample of blocks (Künsch 1989; Lahiri 2003, chapter 2) is a weighted sum of sums by block, so that a
thousand of them cost no more than a few fits. Standard errors are what blocks say apart from one another
(Liang & Zeger 1986), and intervals are studentised by them (Hall 1992, chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.model.linear import Array

CONFIDENCE = 0.95
_TINY = 1e-9
_STILL = 1e-9
"""Share of its squares that a regressor keeps without the others, and is none of its own."""
_RIDGE = 1e-13
"""Where a resample lacks a regressor, its squares have an inverse all the same."""
_CHUNK = 2_000_000
"""Numbers that are held at once while resamples are solved."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Combined:
    """Sums of coefficients, with their 95 % intervals; each of shape (sums,)."""

    value: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Draws:
    """What resamples of blocks gave."""

    distance: Array
    """Of coefficients from those of all scrapes; shape (resamples, coefficients)."""
    covariances: Array
    """Of each resample; shape (resamples, coefficients, coefficients)."""
    covariance: Array
    """Of all scrapes; shape (coefficients, coefficients)."""

    def interval(self, value: Array, weights: Array) -> tuple[Array, Array]:
        """Studentised, and as far to either side, which holds the truth more truly (Hall 1992, section 3.6).

        `weights` as in `ScrapeFit.combined`.
        """
        middle = weights @ value
        away = np.quantile(np.abs(self._studentised(weights)), CONFIDENCE, axis=0) * self._error(weights)
        return middle - away, middle + away

    def chances(self, value: Array, weights: Array) -> Array:
        """See `ScrapeFit.chances`."""
        middle = np.abs(weights @ value)
        far = middle / np.maximum(self._error(weights), _TINY * max(float(middle.max()), _TINY))
        furthest = np.abs(self._studentised(weights)).max(axis=1)
        beyond = (furthest[:, None] >= far).sum(axis=0)
        return np.asarray((1 + beyond) / (1 + len(furthest)))

    def first(self, count: int) -> Draws:
        """Of the first coefficients alone."""
        return Draws(
            self.distance[:, :count], self.covariances[:, :count, :count], self.covariance[:count, :count]
        )

    def _error(self, weights: Array) -> Array:
        squares = np.einsum("sk,kl,sl->s", weights, self.covariance, weights)
        return np.asarray(np.sqrt(np.maximum(squares, 0.0)))

    def _studentised(self, weights: Array) -> Array:
        """Shape (resamples, sums)."""
        # Products of matrices in place of longer sums of einsum: many times as fast.
        squares = np.einsum("rsl,sl->rs", weights @ self.covariances, weights)
        errors = np.sqrt(np.maximum(squares, 0.0))
        # Where a resample has nothing to tell, or all lie on the line, the distance is no distance.
        least = 1e-3 * self._error(weights) + _TINY**2
        return np.asarray(self.distance @ weights.T / np.maximum(errors, least))


def sums_by(group: Numbers, values: Array) -> Array:
    """Sum of the values of each group, from 0; shape (groups,)."""
    return np.bincount(group, values).astype(np.float64)


def inside(rows: Array, segment: Numbers) -> Array:
    """Rows less their mean of the segment; shape of `rows`, (scrapes, regressors)."""
    total = np.bincount(segment)
    return np.asarray(rows - (_sums_of_segments(rows, segment) / total[:, None])[segment])


def inflation(rows: Array) -> Array:
    """By how much the others inflate the variance of each regressor; infinite for a sum of others.

    Args:
        rows: as `inside` returns them, none of them still; shape (scrapes, regressors).
    """
    if rows.shape[1] < 2:
        return np.ones(rows.shape[1])
    size = np.maximum(np.sqrt(np.sum(rows**2, axis=0)), _TINY)
    alike = rows.T @ rows / np.outer(size, size)
    left = []
    for place in range(rows.shape[1]):
        # What is left of a column without the others: exact, where an inverse of all would be garbage.
        others = np.delete(np.delete(alike, place, axis=0), place, axis=1)
        mine = np.delete(alike[place], place)
        left.append(1 - mine @ np.linalg.lstsq(others, mine, rcond=None)[0])
    return np.asarray([1 / value if value > _STILL else np.inf for value in left])


def weighted(rows: Array, values: Array, weights: Array, segment: Numbers) -> tuple[Array, Array]:
    """Bases of the segments and slopes of the regressors, by weighted least squares; `segment` ascends."""
    by_weight = rows * weights[:, None]
    total = _sums_of_segments(weights, segment)
    mean_rows = _sums_of_segments(by_weight, segment) / total[:, None]
    mean_values = _sums_of_segments(weights * values, segment) / total
    squares = by_weight.T @ rows - (mean_rows * total[:, None]).T @ mean_rows
    products = by_weight.T @ values - mean_rows.T @ (total * mean_values)
    slopes = _inverse(squares) @ products
    return np.asarray(mean_values - mean_rows @ slopes), np.asarray(slopes)


def _sums_of_segments(values: Array, segment: Numbers) -> Array:
    """Over the first axis; `segment` ascends."""
    begins = np.searchsorted(segment, np.arange(segment[-1] + 1))
    return np.asarray(np.add.reduceat(values, begins, axis=0))


def _inverse(squares: Array) -> Array:
    """Of matrices of squares and products, shape (..., n, n), whatever the units of their columns."""
    unit = np.sqrt(np.maximum(np.einsum("...ii->...i", squares), _TINY**2))
    both = unit[..., :, None] * unit[..., None, :]
    return np.asarray(np.linalg.inv(squares / both + _RIDGE * np.eye(squares.shape[-1])) / both)


@dataclass(frozen=True)
class Steps:
    """From the coefficients of all scrapes to those of resamples."""

    value: Array
    """Shape (resamples, 1 + regressors)."""
    inverse: Array
    """Of the squares within segments; shape (resamples, regressors, regressors)."""
    bases: Array
    """Shape (resamples, segments)."""
    loss: Array
    """Weighted squares left over; shape (resamples,)."""


@dataclass(frozen=True)
class BlockSums:
    """The fit of all scrapes, and sums by block of squares and of what it leaves over.

    A resample of blocks is a weighted sum of them, and its fit one step of Newton's from that of all scrapes.
    """

    value: Array
    """Base and slopes; shape (1 + regressors,)."""
    bases: Array
    """Shape (segments,)."""
    segment: Numbers
    """Of each block; shape (blocks,)."""
    weight: Array
    """Shape (blocks,)."""
    rows: Array
    """Shape (blocks, regressors)."""
    squares: Array
    """Shape (blocks, regressors, regressors)."""
    left: Array
    """Shape (blocks,)."""
    products: Array
    """Of rows and what is left; shape (blocks, regressors)."""
    left_squares: Array
    """Shape (blocks,)."""
    spread: Array
    """Squares of rows about the mean of their segment; shape (blocks, regressors)."""

    @staticmethod
    def of(
        rows: Array, values: Array, weights: Array, slants: Array, segment: Numbers, blocks: Numbers
    ) -> BlockSums:
        """Sums of the fit with these weights.

        Args:
            slants: by how much the weighted residual of a scrape changes with its residual; shape (scrapes,).
        """
        bases, slopes = weighted(rows, values, weights, segment)
        left = values - bases[segment] - rows @ slopes
        width, count = rows.shape[1], int(blocks.max()) + 1
        squares = np.empty((count, width, width))
        for first in range(width):
            for second in range(first, width):
                both = sums_by(blocks, slants * rows[:, first] * rows[:, second])
                squares[:, first, second] = squares[:, second, first] = both
        mine = np.zeros(count, dtype=np.int64)
        mine[blocks] = segment
        share = np.bincount(segment, slants) / slants.sum()
        return BlockSums(
            value=np.concatenate([[share @ bases], slopes]),
            bases=bases,
            segment=mine,
            weight=sums_by(blocks, slants),
            rows=np.column_stack([sums_by(blocks, slants * column) for column in rows.T]),
            squares=squares,
            left=sums_by(blocks, weights * left),
            products=np.column_stack([sums_by(blocks, weights * left * column) for column in rows.T]),
            left_squares=sums_by(blocks, weights * left**2),
            spread=np.column_stack([sums_by(blocks, column**2) for column in inside(rows, segment).T]),
        )

    def held_by(self) -> Array:
        """In how many blocks each regressor varies, were it to vary as much in each; shape (regressors,).

        Kish's effective number (1965): many that say little count less than one that says much.
        """
        return np.asarray(self.spread.sum(axis=0) ** 2 / np.maximum((self.spread**2).sum(axis=0), _TINY**2))

    def solve(self, drawn: Array) -> Steps:
        """The fits of resamples; `drawn` says how often each has each block."""
        count, width = self.rows.shape
        squares = (drawn @ self.squares.reshape(count, -1)).reshape(-1, width, width)
        products, loss = drawn @ self.products, drawn @ self.left_squares
        total, rows, left = self._by_segment(drawn)
        squares -= np.swapaxes(rows / total[:, :, None], 1, 2) @ rows
        products -= np.einsum("rsv,rs->rv", rows, left / total)
        loss -= (left**2 / total).sum(axis=1)
        inverse = _inverse(squares)
        slopes = np.einsum("rvw,rw->rv", inverse, products)
        remain = left - np.einsum("rsv,rv->rs", rows, slopes)
        base = remain.sum(axis=1) / total.sum(axis=1)
        left_over = loss - np.einsum("rw,rw->r", slopes, products)
        return Steps(np.column_stack([base, slopes]), inverse, remain / total, left_over)

    def covariances(self, drawn: Array, steps: Steps, mine: NDArray[np.bool_]) -> Array:
        """From what blocks say apart from one another (Liang & Zeger 1986), of those steps that are `mine`.

        Shape (resamples, 1 + regressors, 1 + regressors).
        """
        places, width = np.flatnonzero(mine), self.rows.shape[1] + 1
        found = np.empty((len(places), width, width))
        size = max(1, _CHUNK // (len(self.weight) * width))
        for begin in range(0, len(places), size):
            part = slice(begin, begin + size)
            found[part] = self._covariances(drawn[part], steps, places[part])
        return found

    def _covariances(self, drawn: Array, steps: Steps, places: Numbers) -> Array:
        slopes, bases = steps.value[places, 1:], steps.bases[places][:, self.segment]
        total, rows, _ = self._by_segment(drawn)
        remain = self.left - slopes @ self.rows.T - bases * self.weight
        count, width = self.rows.shape
        explained = slopes @ self.squares.reshape(count * width, width).T
        scores = self.products - explained.reshape(-1, count, width)
        scores -= bases[:, :, None] * self.rows
        scores -= (rows / total[:, :, None])[:, self.segment] * remain[:, :, None]
        moves = scores @ steps.inverse[places]
        whole = total.sum(axis=1)
        # The base is a mean over all segments: each one's own level is its own, and no error of it.
        apart = self.left - slopes @ self.rows.T - steps.value[places, :1] * self.weight
        base = apart / whole[:, None] - np.einsum("rbv,rv->rb", moves, rows.sum(axis=1) / whole[:, None])
        moves = np.concatenate([base[:, :, None], moves], axis=2)
        return np.asarray(np.swapaxes(moves, 1, 2) @ (moves * drawn[:, :, None]))

    def _by_segment(self, drawn: Array) -> tuple[Array, Array, Array]:
        """Sums of weights, rows and what is left; shape (resamples, segments) and so on."""
        belongs = np.eye(int(self.segment.max()) + 1)[self.segment]
        total = drawn @ (belongs * self.weight[:, None])
        left = drawn @ (belongs * self.left[:, None])
        rows = np.stack([drawn @ (belongs * column[:, None]) for column in self.rows.T], axis=2)
        return np.maximum(total, _TINY), rows, left

"""The fit of scrapes against the same at length: a dummy for each segment, a fit for each resample."""

import numpy as np
import pytest

from harness.model.linear import Array
from harness.model.observed_resamples import BlockSums, Numbers, inflation, inside
from harness.model.scrapes import RESAMPLES, ScrapeFit, block_seconds, blocks_of, fit_scrapes

HOUR = 3600.0


class Made:
    """Two lives of twelve hours each, loaded by two kinds of runs."""

    def __init__(self, seed: int, noise: float = 5.0) -> None:
        chance = np.random.default_rng(seed)
        self.at = 1_790_000_000.0 + np.arange(0, 24 * HOUR, 60.0)
        self.segment = (np.arange(len(self.at)) >= len(self.at) // 2).astype(np.int64)
        self.blocks = blocks_of(self.at, self.segment, HOUR)
        self.rows = chance.poisson([2.0, 5.0], (len(self.at), 2)).astype(float)
        clean = np.array([100.0, 160.0])[self.segment] + self.rows @ [10.0, 3.0]
        self.values = clean + chance.normal(0, 1, len(self.at)) * noise

    def fit(self, huber_k: float = np.inf) -> ScrapeFit:
        return fit_scrapes(
            self.values, lambda _: self.rows, self.segment, self.blocks, 1, (0.0,), huber_k=huber_k
        )

    def at_length(self, drawn: Array) -> tuple[Array, Array]:
        """Coefficients of regressors, and their covariance; each scrape as often as its block was drawn."""
        dummies = np.eye(2)[self.segment]
        rows = np.column_stack([dummies, self.rows])
        often = drawn[self.blocks]
        inverse = np.linalg.inv(rows.T @ (rows * often[:, None]))
        value = inverse @ rows.T @ (often * self.values)
        left = (self.values - rows @ value)[:, None] * rows
        scores = np.stack([left[self.blocks == block].sum(axis=0) for block in range(len(drawn))])
        return value[2:], (inverse @ (scores.T * drawn) @ scores @ inverse)[2:, 2:]


def sums(made: Made) -> BlockSums:
    ones = np.ones(len(made.values))
    return BlockSums.of(made.rows, made.values, ones, ones, made.segment, made.blocks)


@pytest.mark.parametrize("seed", range(3))
def test_resamples_are_fits_of_the_blocks_that_were_drawn(seed: int) -> None:
    made = Made(seed)
    whole = sums(made)
    count = len(whole.weight)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=5).astype(float)
    steps = whole.solve(drawn)
    covariances = whole.covariances(drawn, steps, np.full(5, True))
    for resample in range(5):
        value, covariance = made.at_length(drawn[resample])
        assert whole.value[1:] + steps.value[resample, 1:] == pytest.approx(value)
        assert covariances[resample][1:, 1:] == pytest.approx(covariance)


def test_the_fit_is_that_with_a_dummy_for_each_segment() -> None:
    made = Made(4)
    fit = made.fit()
    value, covariance = made.at_length(np.ones(24))
    assert fit.value[1:] == pytest.approx(value)
    assert fit.draws.covariance[1:, 1:] == pytest.approx(covariance)
    assert fit.bases == pytest.approx([100, 160], abs=2)
    assert fit.value[0] == pytest.approx(fit.bases.mean())
    assert fit.residuals.mean() == pytest.approx(0, abs=1e-9)
    assert (fit.blocks, fit.draws.distance.shape) == (24, (RESAMPLES, 3))


def test_what_segments_differ_in_is_no_error_of_their_mean() -> None:
    near, apart = Made(5), Made(5)
    apart.values = apart.values + 1000 * apart.segment
    assert apart.fit().high - apart.fit().low == pytest.approx(near.fit().high - near.fit().low)
    assert apart.fit().value[0] == pytest.approx(near.fit().value[0] + 500)


def test_a_sum_of_coefficients_is_that_of_another_parametrisation() -> None:
    made = Made(6)
    both = made.fit().combined(np.array([[0.0, 1.0, 1.0]]))
    # The coefficient of the first, where the second is written as a difference, is the sum.
    made.rows = np.column_stack([made.rows[:, 0], made.rows[:, 1] - made.rows[:, 0]])
    again = made.fit()
    assert (both.value[0], both.low[0], both.high[0]) == pytest.approx(
        (again.value[1], again.low[1], again.high[1])
    )


def test_what_has_no_noise_is_found_to_the_last_digits() -> None:
    fit = Made(7, noise=0.0).fit(huber_k=3.0)
    for found in (fit.value, fit.low, fit.high):
        assert found == pytest.approx([130, 10, 3], rel=1e-9)


def test_odd_scrapes_hardly_matter() -> None:
    made = Made(8)
    clean = made.fit(huber_k=3.0)
    made.values[::50] += 1e4
    odd, squares = made.fit(huber_k=3.0), made.fit()
    assert odd.value == pytest.approx(clean.value, rel=0.02)
    assert abs(squares.value[0] - clean.value[0]) > 50


def test_sums_that_are_zero_are_rarely_called_otherwise_however_many_there_are() -> None:
    alike = np.array([[0.0, 1.0, -1.0], [0.0, 2.0, -2.0], [0.0, -1.0, 1.0]])
    found = 0
    for seed in range(200):
        made = Made(seed)
        made.values = made.values - made.rows @ [7.0, 0.0]  # both kinds now cost three
        found += bool(made.fit().chances(alike).min() <= 0.05)
    # 10 of 200 are to be expected, and 19 or more happen once in 200 times.
    assert found <= 18


def test_a_sum_that_is_not_zero_is_told_from_one_that_is() -> None:
    made = Made(3)
    made.values = made.values - made.rows @ [10.0, 0.0]
    first, second = made.fit().chances(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    assert first > 0.05
    assert second == pytest.approx(1 / (1 + RESAMPLES))


def test_blocks_are_of_one_segment_and_as_long_as_asked() -> None:
    at = np.array([0.0, 1000, 3599, 3600, 7000, 7300, 10_900])
    segment = np.array([0, 0, 0, 0, 1, 1, 1])
    assert blocks_of(at, segment, HOUR).tolist() == [0, 0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("run_seconds", "hours", "expected"),
    [
        (60.0, 24, HOUR),
        (60.0, 6, HOUR / 2),  # else there would be too few
        (60.0, 24 * 8, 2 * HOUR),  # twice as long for eight times the time
        (1800.0, 24, 2 * HOUR),  # four times the run
    ],
)
def test_blocks_are_longer_than_runs_and_grow_with_the_time(
    run_seconds: float, hours: float, expected: float
) -> None:
    assert block_seconds(np.array([run_seconds]), hours * HOUR) == pytest.approx(expected)


def test_inflation_is_that_of_the_variance() -> None:
    chance = np.random.default_rng(1)
    first, other = chance.normal(size=(2, 4000))
    rows = np.column_stack([first, 0.9 * first + np.sqrt(1 - 0.81) * other, chance.normal(size=4000)])
    segment: Numbers = np.zeros(4000, dtype=np.int64)
    found = inflation(inside(rows, segment))
    assert found == pytest.approx([1 / (1 - 0.81), 1 / (1 - 0.81), 1], rel=0.1)
    assert found == pytest.approx(np.diag(np.linalg.inv(np.corrcoef(rows.T))))


def test_inflation_of_a_sum_of_others_has_no_bound() -> None:
    chance = np.random.default_rng(2)
    rows = inside(chance.normal(size=(500, 2)), np.zeros(500, dtype=np.int64))
    assert np.isinf(inflation(np.column_stack([rows, rows.sum(axis=1)]))).all()

"""The queue against its theory and against cases that can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.model.queueing import daily_peaks, peak_occupancy, share_of_time_above, stream_peaks


@pytest.mark.parametrize(("mean", "limit"), [(2.5, 6.25), (15.0, 37.5), (4.0, 4.0), (0.5, 0.0)])
def test_the_number_at_an_instant_is_poisson(mean: float, limit: float) -> None:
    expected = 1 - sum(stats.poisson.pmf(k, mean) for k in range(int(limit) + 1))
    assert share_of_time_above(mean, limit) == pytest.approx(expected, abs=1e-12)


def test_in_batches_the_number_of_batches_is_poisson() -> None:
    # above 6.25 means at least one batch of ten; above 10 at least two
    assert share_of_time_above(2.5, 6.25, batch=10) == pytest.approx(stats.poisson.sf(0, 0.25))
    assert share_of_time_above(2.5, 10.0, batch=10) == pytest.approx(stats.poisson.sf(1, 0.25))


@pytest.mark.parametrize(
    ("starts", "ends", "peak"),
    [
        ([], [], 0),
        ([0.0], [1.0], 1),
        ([0.0, 0.5, 2.0], [1.0, 3.0, 4.0], 2),
        ([0.0, 1.0], [1.0, 2.0], 1),
        ([3.0, 3.0, 3.0], [4.0, 5.0, 6.0], 3),
    ],
    ids=["none", "one", "overlap", "one ends as the next begins", "a batch"],
)
def test_peaks_counted_by_hand(starts: list[float], ends: list[float], peak: int) -> None:
    assert peak_occupancy(np.array(starts), np.array(ends)) == peak


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=25))
@settings(max_examples=50, deadline=None)
def test_a_peak_is_what_counting_at_each_start_gives(runs: list[tuple[int, int]]) -> None:
    starts = np.array([float(start) for start, _ in runs])
    ends = np.array([float(start + length) for start, length in runs])
    counted = max(int(((starts <= at) & (ends > at)).sum()) for at in starts)
    assert peak_occupancy(starts, ends) == counted


def test_days_begin_with_the_runs_that_are_in_progress_at_midnight() -> None:
    # fifty runs of a whole day each are in progress on average: a day's peak is above that, not near zero
    peaks = daily_peaks(50.0, np.array([86_400.0]), batch=1, days=200, seed=2)
    assert peaks.min() > 20
    assert peaks.mean() > 50


def test_the_peak_of_a_day_lies_where_theory_bounds_it() -> None:
    peaks = daily_peaks(2.5, np.array([40.0, 45.0, 50.0]), batch=1, days=100, seed=1)
    assert peaks.shape == (100,)
    # A day is at least as long as 1,700 runs that do not overlap: instants that far apart are independent.
    independent = int(86_400 / 50)
    low = stats.poisson.ppf(0.001 ** (1 / independent), 2.5)
    assert peaks.min() >= low
    # On average the level is crossed upwards rate x P(N = level) times a day: an upper bound on its chance.
    arrivals = 2.5 / 45 * 86_400
    assert (peaks > 13).mean() <= arrivals * stats.poisson.pmf(13, 2.5) + 3 * np.sqrt(0.25 / 100)


def test_batches_peak_in_whole_batches_where_all_last_as_long() -> None:
    peaks = daily_peaks(2.5, np.array([45.0]), batch=10, days=50, seed=1)
    assert set(peaks % 10) == {0.0}
    assert peaks.min() >= 10


def test_the_same_seed_gives_the_same_days() -> None:
    durations = np.array([30.0, 60.0])
    again = [daily_peaks(2.5, durations, 1, 20, seed) for seed in (1, 1, 2)]
    assert (again[0] == again[1]).all()
    assert (again[0] != again[2]).any()


def test_streams_peak_between_one_and_all_of_their_runs() -> None:
    short = stream_peaks(20, 60.0, np.array([1e-9]), streams=50, seed=1)
    assert set(short) == {1.0}
    long = stream_peaks(20, 60.0, np.array([1e6]), streams=50, seed=1)
    assert set(long) == {20.0}


def test_a_long_stream_is_as_full_as_the_theory_says() -> None:
    # 2,000 runs of 6 s within 6,000 s: two at once on average
    peaks = stream_peaks(2000, 6000.0, np.array([5.0, 6.0, 7.0]), streams=50, seed=3)
    low, high = stats.poisson.ppf(np.array([0.5, 0.99]) ** (1 / 1000), 2.0)
    assert low - 1 <= np.median(peaks) <= high + 1

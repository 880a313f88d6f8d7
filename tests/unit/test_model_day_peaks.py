"""The closed form of a day's peak, held against days that are played."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.model.day_peaks import DAY_SECONDS, DayPeaks, RandomArrivals
from harness.model.linear import Array
from harness.model.occupancy import Occupancy, occupancy

ONE, BOTH = np.array([1.0]), np.array([1.0, 3.0])


def constant(*counts: int) -> Occupancy:
    return Occupancy(np.array([0.0, DAY_SECONDS]), np.array([counts, counts], dtype=np.int64))


def durations(kind: str, mean: float, number: int, rng: np.random.Generator) -> Array:
    match kind:
        case "exponential":
            return rng.exponential(mean, number)
        case "heavy":
            return rng.lognormal(np.log(mean) - 0.72, 1.2, number)
        case _:
            return np.full(number, mean)


def played(arrivals: list[RandomArrivals], weights: Array, kind: str, days: int) -> Array:
    """The heaviest moment of each day; shape (days,). A day begins with what the one before left."""
    rng = np.random.default_rng(1)
    starts, ends, kinds = [], [], []
    for one in arrivals:
        number = rng.poisson(one.launches_per_second * (days + 1) * DAY_SECONDS)
        begun = rng.uniform(-DAY_SECONDS, days * DAY_SECONDS, number)
        lasted = durations(kind, one.seconds, number, rng)
        starts.append(np.repeat(begun, one.runs))
        ends.append(np.repeat(begun + lasted, one.runs))
        kinds.append(np.full(number * one.runs, one.kind))
    held = occupancy(np.concatenate(starts), np.concatenate(ends), np.concatenate(kinds), len(weights))
    weighed = held.counts @ weights
    edges = np.arange(days + 1) * DAY_SECONDS
    first = np.searchsorted(held.times, edges, side="right") - 1
    return np.array([weighed[max(0, a) : b + 1].max() for a, b in pairwise(first)])


@pytest.mark.parametrize("kind", ["fixed", "exponential", "heavy"])
@pytest.mark.parametrize(
    ("arrivals", "weights"),
    [
        ([RandomArrivals(0, 1, 20 / 3600, 45.0)], ONE),
        ([RandomArrivals(0, 1, 200 / 3600, 45.0)], ONE),
        ([RandomArrivals(0, 4, 10 / 3600, 120.0)], ONE),
        ([RandomArrivals(0, 1, 60 / 3600, 60.0), RandomArrivals(1, 1, 5 / 3600, 600.0)], BOTH),
    ],
    ids=["seldom", "often", "by fours", "two kinds"],
)
def test_days_that_are_played_exceed_it_as_seldom_as_it_says(
    arrivals: list[RandomArrivals], weights: Array, kind: str
) -> None:
    """Of 1000 days: about 100 and 10. It is a bound, and runs are whole: fewer is right, none is not."""
    peaks = played(arrivals, weights, kind, 1000)
    for days in (10, 100):
        level = float(DayPeaks(arrivals, None, weights).level(days) @ weights)
        expected = 1000 / days
        assert (peaks > level).sum() <= expected + 3 * np.sqrt(expected)
        assert (peaks > level - 2 * weights.max()).sum() >= expected / 2


def test_what_is_always_there_adds_to_what_comes_at_random() -> None:
    random = [RandomArrivals(0, 1, 200 / 3600, 45.0)]
    alone = DayPeaks(random, None, ONE).level(100)
    beside = DayPeaks(random, constant(7), ONE).level(100)
    assert beside.tolist() == [alone[0] + 7]


def test_schedules_without_anything_at_random_are_what_they_are() -> None:
    """Twelve at once on every second day: exceeded on no day; and on one of two there are none."""
    held = Occupancy(np.array([0.0, 60.0, 2 * DAY_SECONDS]), np.array([[12], [0], [0]], dtype=np.int64))
    peaks = DayPeaks([], held, ONE)
    assert peaks.level(3).tolist() == [12]
    assert peaks.level(2).tolist() == [0]
    assert peaks.level_of_schedules(100).tolist() == [12]


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-9, 10.0), st.floats(1.0, 1000.0), st.integers(1, 9), st.floats(2.0, 1e4))
def test_a_rarer_peak_is_no_lower_and_none_is_below_the_average(
    rate: float, seconds: float, runs: int, days: float
) -> None:
    peaks = DayPeaks([RandomArrivals(0, runs, rate, seconds)], None, ONE)
    level = int(peaks.level(days)[0])
    assert level >= rate * seconds * runs - 1
    assert int(peaks.level(2 * days)[0]) >= level

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.occupancy import occupancy
from harness.model.queueing import peak_occupancy

ONE = np.array([1.0])


def test_counts_by_kind_hold_until_the_next_change() -> None:
    held = occupancy(np.array([0.0, 1.0, 2.0]), np.array([4.0, 3.0, 4.0]), np.array([0, 1, 1]), 2)
    assert list(held.times) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert held.counts.tolist() == [[1, 0], [1, 1], [1, 2], [1, 1], [0, 0]]
    assert list(held.average()) == [1.0, 1.0]


def test_one_that_ends_when_another_begins_was_not_there_with_it() -> None:
    held = occupancy(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([0, 0]), 1)
    assert held.heaviest(ONE).tolist() == [1]


def test_the_heaviest_moment_is_one_of_weight() -> None:
    # two light runs all the time, one heavy one for a tenth of it
    held = occupancy(np.array([0.0, 0.0, 9.0]), np.array([9.5, 9.0, 10.0]), np.array([0, 0, 1]), 2)
    assert held.heaviest(np.array([1.0, 5.0])).tolist() == [1, 1]
    assert held.heaviest(np.array([1.0, 0.5])).tolist() == [2, 0]


def test_windows_count_what_was_in_progress_when_they_began() -> None:
    held = occupancy(np.array([0.0, 1.0, 25.0]), np.array([12.0, 2.0, 26.0]), np.array([0, 0, 0]), 1)
    assert [one.tolist() for one in held.heaviest_by_window(ONE, 10.0)] == [[2], [1], [1]]
    assert [one.tolist() for one in held.heaviest_by_window(ONE, 100.0)] == [[2]]


@given(
    st.lists(
        st.tuples(st.floats(0, 1000, allow_nan=False), st.floats(0.01, 100, allow_nan=False)),
        min_size=1,
        max_size=40,
    )
)
def test_it_agrees_with_counting_and_with_littles_law(intervals: list[tuple[float, float]]) -> None:
    starts = np.array([start for start, _ in intervals])
    ends = starts + np.array([length for _, length in intervals])
    held = occupancy(starts, ends, np.zeros(len(starts), dtype=np.int64), 1)
    assert held.heaviest(ONE).tolist() == [peak_occupancy(starts, ends)]
    span = ends.max() - starts.min()
    assert held.average()[0] * span == pytest.approx(np.sum(ends - starts), rel=1e-6)

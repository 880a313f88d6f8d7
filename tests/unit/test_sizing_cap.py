"""A cap below the peak, which was asked for."""

import numpy as np
import pytest

from harness.errors import InputError
from harness.sizing.arrivals import Stream
from harness.sizing.cap import DEQUEUE_SECONDS, capped, waiting
from harness.sizing.demand import Demand, demand_of_streams

BOTH = np.array([1.0, 4.0])


def demand(*streams: Stream) -> Demand:
    return demand_of_streams(streams, BOTH, 2.5, 100.0)


NIGHTLY = demand(Stream(0, 40.0, 20 / 24, at_once=20, regular=True))
MIXED = demand(
    Stream(0, 40.0, 12 / 24, at_once=12, regular=True), Stream(1, 300.0, 4 / 24, at_once=4, regular=True)
)


@pytest.mark.parametrize(("cap", "rounds"), [(20, 0), (30, 0), (19, 1), (10, 1), (7, 2), (1, 19)])
def test_runs_of_one_length_wait_in_whole_rounds(cap: int, rounds: int) -> None:
    assert waiting(NIGHTLY, cap, (0.0, 0.0)).seconds == pytest.approx(rounds * (40.0 + DEQUEUE_SECONDS))
    assert waiting(NIGHTLY, cap, (1.5, 9.0)).seconds == pytest.approx(
        rounds * (40.0 + DEQUEUE_SECONDS) + 30.0
    )


@pytest.mark.parametrize("cap", [1, 2, 3, 5, 8, 15])
def test_no_run_of_a_mix_waits_longer_however_they_are_ordered(cap: int) -> None:
    """Played: the next of the queue takes the first slot that is free."""
    lasts = np.array([40.0] * 12 + [300.0] * 4)
    told = waiting(MIXED, cap, (0.0, 0.0)).seconds
    for seed in range(50):
        free = np.zeros(cap)
        for one in np.random.default_rng(seed).permutation(lasts):
            slot = int(free.argmin())
            started, free[slot] = free[slot], free[slot] + one
        assert started <= told


def test_of_each_peak_the_heaviest_runs_are_kept() -> None:
    assert MIXED.target.runs == (12, 4)
    few = capped(MIXED, 6, BOTH)
    assert few.target.runs == (2, 4)
    assert few.target.total == 6
    assert few.rare.runs == (2, 4)
    assert few.guide == MIXED.guide
    assert capped(MIXED, 16, BOTH) == MIXED


def test_a_cap_that_the_arrivals_outrun_is_refused() -> None:
    steady = demand(Stream(0, 45.0, 200.0))
    with pytest.raises(InputError, match=r"--max-concurrent-runs 2: .* at least 3"):
        waiting(steady, 2, (0.0, 0.0))
    assert waiting(steady, 3, (0.0, 0.0)).seconds > 0

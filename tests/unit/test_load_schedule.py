import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.load.schedule import make_schedule

launches = st.integers(1, 500)
windows = st.floats(0.01, 3600)
seeds = st.integers(0, 2**32)


@given(st.sampled_from(["burst", "poisson", "ramp", "soak"]), launches, windows, seeds)
def test_offsets_are_sorted_and_start_at_or_after_the_release(
    shape: str, n: int, window: float, seed: int
) -> None:
    offsets = make_schedule(shape, n, window, seed)
    assert offsets.shape == (n,)
    assert offsets[0] >= 0
    assert (np.diff(offsets) >= 0).all()


@given(launches)
def test_a_burst_is_one_instant_whatever_the_window(n: int) -> None:
    assert make_schedule("burst", n, 0, 1).tolist() == [0.0] * n


@given(launches, windows)
def test_a_soak_is_evenly_spaced_over_the_window(n: int, window: float) -> None:
    offsets = make_schedule("soak", n, window, 1)
    assert np.append(offsets, window) == pytest.approx(np.linspace(0, window, n + 1))


@given(launches, windows)
def test_a_ramp_launches_a_quarter_in_the_first_half(n: int, window: float) -> None:
    offsets = make_schedule("ramp", n, window, 1)
    assert offsets[-1] < window
    assert abs((offsets < window / 2).sum() - n / 4) <= 0.5


@given(launches, windows, seeds)
def test_poisson_gaps_scale_with_the_window_and_follow_the_seed(n: int, window: float, seed: int) -> None:
    offsets = make_schedule("poisson", n, window, seed)
    assert make_schedule("poisson", n, window, seed).tolist() == offsets.tolist()
    assert make_schedule("poisson", n, 2 * window, seed) == pytest.approx(2 * offsets)
    assert make_schedule("poisson", n, window, seed + 1).tolist() != offsets.tolist()


def test_poisson_gaps_are_exponential() -> None:
    gaps = np.diff(make_schedule("poisson", 20_001, 20_001.0, 7), prepend=0.0)
    # mean and standard deviation of an exponential are both 1; 5 standard errors at n = 20,000
    assert gaps.mean() == pytest.approx(1, abs=0.036)
    assert gaps.std() == pytest.approx(1, abs=0.05)
    assert (gaps > np.log(2)).mean() == pytest.approx(0.5, abs=0.018)


@pytest.mark.parametrize("window", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("shape", ["poisson", "ramp", "soak"])
def test_a_shape_that_spreads_needs_a_window(shape: str, window: float) -> None:
    with pytest.raises(ValueError, match="window"):
        make_schedule(shape, 3, window, 1)


def test_an_unknown_shape_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="burst, poisson, ramp, soak"):
        make_schedule("wave", 3, 1, 1)


def test_no_launches_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        make_schedule("burst", 0, 0, 1)

"""The model against data whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.model.constants import CONSTANTS, BurstArrays, fit_constants
from harness.model.intervals import Estimate, Line, NotEstimable, estimate_line, estimate_mean
from harness.model.lack_of_fit import lack_of_fit
from harness.model.linear import fit_line
from harness.model.predict import predict

LEVELS = np.array([1.0, 2.0, 4.0, 6.0] * 3)


def line(x: np.ndarray, y: np.ndarray) -> Line:
    fitted = estimate_line(x, y, seed=1)
    assert isinstance(fitted, Line)
    return fitted


def test_exact_points_give_the_exact_line() -> None:
    fitted = line(LEVELS, 200 + 95 * LEVELS)
    assert fitted.base.value == pytest.approx(200)
    assert fitted.slope.value == pytest.approx(95)
    assert fitted.slope.n == 12


def test_one_odd_burst_does_not_pull_the_line() -> None:
    rng = np.random.default_rng(5)
    clean = 200 + 95 * LEVELS + rng.normal(0, 1, 12)
    odd = clean.copy()
    odd[3] += 400
    least_squares = np.polyfit(LEVELS, odd, 1)[0]
    assert abs(least_squares - 95) > 15
    assert line(LEVELS, odd).slope.value == pytest.approx(95, abs=3)


@given(
    st.floats(-1e3, 1e3),
    st.floats(-1e3, 1e3),
    st.floats(0.01, 1e3),
    st.integers(0, 2**31),
)
@settings(max_examples=50, deadline=None)
def test_shift_and_scale_carry_through(base: float, slope: float, scale: float, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 1, 12)
    plain = fit_line(LEVELS, noise)
    moved = fit_line(LEVELS, base + slope * LEVELS + scale * noise)
    tolerance = 1e-6 * (1 + abs(base) + abs(slope) + scale)
    assert float(moved.slope) == pytest.approx(slope + scale * float(plain.slope), abs=tolerance)
    assert float(moved.base) == pytest.approx(base + scale * float(plain.base), abs=tolerance)
    assert float(moved.slope_error) == pytest.approx(scale * float(plain.slope_error), abs=tolerance)


NOISES = {
    "even": lambda rng, x: rng.normal(0, 3, len(x)),
    "growing with the level": lambda rng, x: rng.normal(0, 1, len(x)) * (3 + 0.5 * x),
    "with odd bursts": lambda rng, x: rng.normal(0, 3, len(x)) * np.where(rng.random(len(x)) < 0.05, 5, 1),
}


@pytest.mark.parametrize("kind", NOISES)
def test_intervals_hold_the_truth_in_93_to_97_of_100_experiments(kind: str) -> None:
    """1,000 simulated quick experiments: 4 levels, 3 repeats. The seed is fixed, so this never flickers."""
    rng = np.random.default_rng(2026)
    held = np.zeros(2)
    for experiment in range(1000):
        fitted = estimate_line(LEVELS, 200 + 95 * LEVELS + NOISES[kind](rng, LEVELS), seed=experiment)
        assert isinstance(fitted, Line)
        held += [
            fitted.base.low <= 200 <= fitted.base.high,
            fitted.slope.low <= 95 <= fitted.slope.high,
        ]
    assert 930 <= held[0] <= 970, f"base: {held[0]:.0f} of 1000"
    assert 930 <= held[1] <= 970, f"slope: {held[1]:.0f} of 1000"


@pytest.mark.parametrize("n", [3, 12])
def test_mean_intervals_hold_the_truth_in_93_to_97_of_100_experiments(n: int) -> None:
    rng = np.random.default_rng(7)
    estimates = [estimate_mean(rng.normal(0.5, 0.1, n)) for _ in range(1000)]
    held = sum(isinstance(e, Estimate) and e.low <= 0.5 <= e.high for e in estimates)
    assert 930 <= held <= 970


def test_too_little_data_gives_a_reason_and_no_number() -> None:
    few = estimate_line(LEVELS[:5], LEVELS[:5], seed=1)
    assert isinstance(few, NotEstimable)
    assert "too few bursts: 5" in few.reason
    same = estimate_line(np.full(8, 3.0), np.arange(8.0), seed=1)
    assert isinstance(same, NotEstimable)
    assert "same concurrency" in same.reason
    assert isinstance(estimate_mean(np.array([1.0, np.nan, 2.0])), NotEstimable)


def test_missing_values_are_left_out() -> None:
    y = 10 + 2 * LEVELS
    y[0] = np.nan
    assert line(LEVELS, y).slope.n == 11


def test_a_bend_is_found_and_a_line_is_not_called_one() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 1, 12)
    straight = lack_of_fit(LEVELS, 200 + 95 * LEVELS + noise, 200, 95)
    assert straight is not None
    assert not straight.lacks_fit
    bent_y = 200 + 20 * LEVELS**2 + noise
    fitted = line(LEVELS, bent_y)
    bent = lack_of_fit(LEVELS, bent_y, fitted.base.value, fitted.slope.value)
    assert bent is not None
    assert bent.lacks_fit
    assert bent.max_relative_deviation > 0.05


def test_lack_of_fit_needs_three_levels_and_repeats() -> None:
    assert lack_of_fit(np.array([1.0, 2, 1, 2]), np.arange(4.0), 0, 1) is None
    assert lack_of_fit(np.array([1.0, 2, 3, 4]), np.arange(4.0), 0, 1) is None


def test_new_bursts_fall_into_the_prediction_interval() -> None:
    rng = np.random.default_rng(11)
    inside = 0
    for _ in range(500):
        fitted = line(LEVELS, 200 + 95 * LEVELS + rng.normal(0, 3, 12))
        predicted = predict(fitted, 10.0)
        inside += predicted.low <= 200 + 950 + rng.normal(0, 3) <= predicted.high
        assert predicted.extrapolated
    assert 0.92 <= inside / 500 <= 0.985
    assert not predict(fitted, 5.0).extrapolated


def simulated_bursts(rng: np.random.Generator, saturated_from: float = 99) -> BurstArrays:
    n = len(LEVELS)
    window = 5 + LEVELS

    def noise(size: float) -> np.ndarray:
        return rng.normal(0, size, n)

    return BurstArrays(
        concurrency=LEVELS,
        runs=LEVELS,
        memory_peak_bytes=200e6 + 95e6 * LEVELS + noise(5e5),
        threads_peak=12 + 6 * LEVELS,
        processes_peak=2 + 5 * LEVELS,
        idle_cpu_cores=0.02 + noise(0.001),
        window_seconds=window,
        cpu_seconds=0.02 * window + 1.4 * LEVELS + noise(0.02),
        exec_window_seconds=np.full(n, 2.0),
        exec_cpu_seconds=0.04 + 0.3 * 2 * LEVELS + noise(0.01),
        run_seconds=2 * LEVELS,
        launch_span_seconds=0.4 + 0.7 * LEVELS + noise(0.02),
        saturated=saturated_from <= LEVELS,
    )


def test_every_constant_of_the_registry_is_recovered() -> None:
    fitted = fit_constants(simulated_bursts(np.random.default_rng(1)), seed=1)
    assert list(fitted) == list(CONSTANTS)
    truth = (200e6, 95e6, 0.02, 1.4, 0.3, 0.7, 6, 5)
    for constant, expected in zip(fitted.values(), truth, strict=True):
        assert constant.value == pytest.approx(expected, rel=0.03), constant.name
        assert constant.unit == CONSTANTS[constant.name].unit


def test_saturated_bursts_do_not_tell_what_a_run_would_use() -> None:
    some = fit_constants(simulated_bursts(np.random.default_rng(1), saturated_from=4), seed=1)
    assert some["cpu_cores_per_run"].bursts == 6
    none = fit_constants(simulated_bursts(np.random.default_rng(1), saturated_from=1), seed=1)
    assert none["cpu_cores_per_run"].value is None
    assert "measure lower levels" in none["cpu_cores_per_run"].reason

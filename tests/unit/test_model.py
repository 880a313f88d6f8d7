"""The model against data whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.model.bursts import Bursts, Fired
from harness.model.constants import (
    Constant,
    constants_of,
    fit_constants,
    points_of,
)
from harness.model.intervals import Estimate, Line, NotEstimable, estimate_line, estimate_mean
from harness.model.lack_of_fit import lack_of_fit
from harness.model.linear import fit_line, least_scale_of
from harness.model.predict import predict

LEVELS = np.array([1.0, 2.0, 4.0, 6.0] * 3)
BEFORE = 4 + np.cumsum(LEVELS) - LEVELS
LEAK = 3e6


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


def test_too_little_data_gives_a_reason_and_no_number() -> None:
    few = estimate_line(LEVELS[:5], LEVELS[:5], seed=1)
    assert isinstance(few, NotEstimable)
    assert "too few bursts: 5" in few.reason
    same = estimate_line(np.full(8, 3.0), np.arange(8.0), seed=1)
    assert isinstance(same, NotEstimable)
    assert "same concurrency" in same.reason
    assert isinstance(estimate_mean(np.array([1.0, np.nan, 2.0])), NotEstimable)


def test_a_slope_that_hangs_on_one_burst_is_not_given() -> None:
    alone = np.array([1.0, 1, 1, 1, 1, 1, 1, 2])
    refused = estimate_line(alone, 200 + 95 * alone + np.random.default_rng(1).normal(0, 3, 8), seed=1)
    assert isinstance(refused, NotEstimable)
    assert "all bursts but one" in refused.reason


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_intervals_do_not_depend_on_the_unit(unit: float) -> None:
    y = 200 + 95 * LEVELS + np.random.default_rng(2).normal(0, 3, 12)
    plain, scaled = line(LEVELS, y), line(LEVELS, unit * y)
    assert plain.slope.high > plain.slope.low
    for before, after in ((plain.slope, scaled.slope), (plain.base, scaled.base)):
        assert after.low == pytest.approx(unit * before.low)
        assert after.high == pytest.approx(unit * before.high)


def test_the_same_seed_gives_the_same_interval() -> None:
    y = 200 + 95 * LEVELS + np.random.default_rng(2).normal(0, 3, 12)
    assert line(LEVELS, y).slope == line(LEVELS, y).slope


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


def test_counts_that_repeat_exactly_are_judged_by_the_size_of_the_bend() -> None:
    bent = lack_of_fit(LEVELS, 12 + LEVELS**2, 12, 5)
    assert bent is not None
    assert bent.lacks_fit
    straight = lack_of_fit(LEVELS, 12 + 6 * LEVELS, 12, 6)
    assert straight is not None
    assert not straight.lacks_fit


def test_lack_of_fit_needs_three_levels_and_repeats() -> None:
    assert lack_of_fit(np.array([1.0, 2, 1, 2]), np.arange(4.0), 0, 1) is None
    assert lack_of_fit(np.array([1.0, 2, 3, 4]), np.arange(4.0), 0, 1) is None


def test_a_prediction_says_when_it_leaves_what_was_measured() -> None:
    fitted = line(LEVELS, 200 + 95 * LEVELS + np.random.default_rng(11).normal(0, 3, 12))
    assert predict(fitted, 10.0).extrapolated
    assert not predict(fitted, 6.0).extrapolated
    assert predict(fitted, 10.0).value == pytest.approx(1150, rel=0.02)


APART = (1.2, 40e6, 61e6, 1.1, 120e6, 4, 10)
WEBSERVER = (180e6, 2e6, 0.03, 0.08)
DAEMON = (120e6, 5e5, 0.05, 0.2)
DAEMON_TICKS = (2e6, 0.05)
"""Constants of what `simulated_bursts` holds, in the order of the registry."""


def simulated_bursts(
    rng: np.random.Generator, saturated_from: float = 99, fired: Fired = "runs", **changes: np.ndarray
) -> Bursts:
    n = len(LEVELS)
    window = 5 + LEVELS

    def noise(size: float) -> np.ndarray:
        return rng.normal(0, size, n)

    columns = {
        "memory_peak_bytes": 200e6 + 95e6 * LEVELS + LEAK * BEFORE + noise(5e5),
        "memory_idle_bytes": 190e6 + 1.8e6 * np.log1p(BEFORE) + LEAK * BEFORE + noise(2e5),
        "threads_peak": 12 + 6 * LEVELS,
        "processes_peak": 2 + 5 * LEVELS,
        "open_files_peak": 40 + 18 * LEVELS,
        "idle_cpu_cores": 0.02 + noise(0.001),
        "window_seconds": window,
        "cpu_seconds": 0.02 * window + 1.4 * LEVELS + noise(0.02),
        "exec_window_seconds": np.full(n, 2.0),
        "exec_cpu_seconds": 0.04 + 0.3 * 2 * LEVELS + noise(0.01),
        "run_seconds": 2 * LEVELS,
        "launch_span_seconds": 0.4 + 0.7 * LEVELS + noise(0.02),
        "saturated": (saturated_from <= LEVELS).astype(float),
    }
    columns["tick_span_seconds"] = columns["launch_span_seconds"]
    columns |= {
        "webserver_memory_peak_bytes": 180e6 + 2e6 * LEVELS,
        "webserver_idle_cpu_cores": np.full(n, 0.03),
        "webserver_cpu_seconds": 0.03 * 2 + 0.08 * LEVELS,
        "webserver_window_seconds": np.full(n, 2.0),
        "daemon_memory_peak_bytes": 120e6 + 5e5 * LEVELS,
        "daemon_idle_cpu_cores": np.full(n, 0.05),
        "daemon_cpu_seconds": 0.05 * window + 0.2 * LEVELS,
        "daemon_window_seconds": window,
    }
    apart = {
        "import_seconds": np.array([1.19, 1.2, 1.21]),
        "import_memory_bytes": np.array([39e6, 40e6, 41e6]),
        "health_check_memory_bytes": np.array([60e6, 61e6, 62e6]),
        "health_check_cpu_seconds": np.array([1.09, 1.1, 1.11]),
        "reload_memory_bytes": np.array([119e6, 120e6, 121e6]),
        "reload_seconds": np.array([3.9, 4.0, 4.1]),
        "reload_overlap_seconds": np.array([9.0, 10.0, 11.0]),
        "daemon_ticking_memory_bytes": np.array([1.9e6, 2e6, 2.1e6]),
        "daemon_cpu_seconds_per_tick": np.array([0.049, 0.05, 0.051]),
    }
    return Bursts(fired, LEVELS, LEVELS, BEFORE, columns | changes, apart)


def estimate(constant: Constant) -> Estimate:
    assert isinstance(constant.estimate, Estimate), constant.name
    return constant.estimate


@pytest.mark.parametrize(
    ("fired", "truth"),
    [
        (
            "runs",
            (200e6, 95e6, LEAK, 0.02, 1.4, 0.3, 0.7, 6, 5, 18, *APART, *WEBSERVER, *DAEMON, *DAEMON_TICKS),
        ),
        ("ticks", (200e6, 95e6, LEAK, 0.02, 1.4, 0.7, 6, *APART, *DAEMON_TICKS)),
    ],
)
def test_every_constant_of_the_registry_is_recovered(fired: Fired, truth: tuple[float, ...]) -> None:
    fitted = fit_constants(simulated_bursts(np.random.default_rng(1), fired=fired), seed=1)
    assert list(fitted) == [one.name for one in constants_of(fired)]
    for constant, expected in zip(fitted.values(), truth, strict=True):
        assert estimate(constant).value == pytest.approx(expected, rel=0.03), constant.name


def test_what_is_measured_apart_is_told_of_where_it_was_and_often_enough() -> None:
    bursts = simulated_bursts(np.random.default_rng(1))
    once = {"import_seconds": np.array([71.0]), "import_memory_bytes": np.array([np.nan])}
    fitted = fit_constants(replace(bursts, apart=once), seed=1)
    for name in once:
        lacking = fitted[name].estimate
        assert isinstance(lacking, NotEstimable)
        assert lacking.reason.startswith(f"measured {lacking.n} times")
    assert set(fit_constants(replace(bursts, apart={}), seed=1)) == set(fitted) - set(once)


def test_a_constant_whose_column_is_absent_is_not_measured_here() -> None:
    bursts = simulated_bursts(np.random.default_rng(1))
    columns = {name: column for name, column in bursts.columns.items() if name != "threads_peak"}
    lacking = fit_constants(replace(bursts, columns=columns), seed=1)
    whole = fit_constants(bursts, seed=1)
    assert lacking.keys() == whole.keys()
    threads = lacking["threads_per_run"].estimate
    assert isinstance(threads, NotEstimable)
    assert threads.reason == "not measured here: bursts have no threads_peak"
    assert all(lacking[name] == whole[name] for name in whole if name != "threads_per_run")
    assert "threads_per_run" not in points_of(replace(bursts, columns=columns))


def test_saturated_bursts_do_not_tell_what_a_run_would_use() -> None:
    some = fit_constants(simulated_bursts(np.random.default_rng(1), saturated_from=4), seed=1)
    assert some["cpu_cores_per_run"].estimate.n == 6
    none = fit_constants(simulated_bursts(np.random.default_rng(1), saturated_from=1), seed=1)
    cores = none["cpu_cores_per_run"].estimate
    assert isinstance(cores, NotEstimable)
    assert cores.reason.endswith("are needed that leave CPU to spare; measure lower levels")


def test_counts_on_a_line_but_for_one_have_an_interval_that_is_no_wider_than_the_counts() -> None:
    """Threads of eight bursts, as they were measured."""
    levels = np.array([1.0, 4, 1, 4, 4, 1, 1, 4])
    threads = np.array([21.0, 44, 23, 44, 44, 23, 23, 44])
    line = estimate_line(levels, threads, seed=1)
    assert isinstance(line, Line)
    assert line.slope.low < 7.0 < line.slope.high
    assert line.slope.high - line.slope.low < 2.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3.0, 5, 5, 9], 0.2), ([7.0, 7, 7], 1e-12), ([1.0, 2, 3], 0.1)],
)
def test_the_least_scale_is_a_tenth_of_the_smallest_step(values: list[float], expected: float) -> None:
    assert least_scale_of(np.array(values)) == pytest.approx(expected)

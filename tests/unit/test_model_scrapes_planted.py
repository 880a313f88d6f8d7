"""Planted constants are found: 95 % intervals hold them, and there is no bias.

Of 100 simulated days 84 to 100 % have to hold, which is what chance leaves of 92 to 97 % (99 % of the
binomial distribution of each end). `python -m tests.perf.planted_truth` measures it closer, and with a lag
that is not known; there the figures of each case are.
"""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binom

from harness.model.intervals import Estimate, NotEstimable
from harness.model.observed_costs import StateCosts, find_stale, state_costs
from harness.model.observed_load import Life, Sampling
from tests.unit.planted_cases import CASES, Score, score
from tests.unit.planted_days import MIB, Job, Scraping, Server, day

BY_NAME = {case.name: case for case in CASES}
SIMULATIONS = 100
LEAST_HELD, MOST_HELD = 0.92, 0.97
MOST_BIAS = 0.01


def fitted(lives: Sequence[Life], sampling: Sampling) -> StateCosts:
    costs = state_costs(lives, sampling, grows=True)
    assert isinstance(costs, StateCosts)
    return costs


def assert_honest(name: str, found: Score) -> None:
    held = round(found.held * found.count)
    least, most = binom.ppf(0.005, found.count, LEAST_HELD), binom.ppf(0.995, found.count, MOST_HELD)
    assert least <= held <= most, f"{name}: {held} of {found.count} intervals hold it"
    # What scatters more cannot be told to 1 % by so few simulations.
    allowed = max(MOST_BIAS, 3 * found.sd / np.sqrt(found.count))
    assert abs(found.bias) <= allowed, f"{name}: bias {found.bias:.2%}"


@pytest.mark.parametrize(
    "name",
    [
        "at random",
        "bursts",
        "leak per run",
        "lingers",
        "CPU",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (
                *("both, two jobs", "every 15 s", "every 60 s", "means over 60 s", "four lives that leak"),
                *("slow noise", "ramp", "stale, short runs", "CPU, four lives"),
                *("CPU, two CPUs", "CPU, work", "CPU, ticks"),
            )
        ),
    ],
)
def test_what_is_planted_is_found(name: str) -> None:
    found = score(BY_NAME[name].lag_known, SIMULATIONS)
    told = {
        constant: one for constant, one in found.items() if one.count > SIMULATIONS / 2 and constant != "lag"
    }
    assert {"base", "base cores"} & set(told)
    for constant, one in told.items():
        assert_honest(constant, one)


def test_processes_that_linger_after_their_run_spoil_no_cost_of_it_although_the_lag_is_not_known() -> None:
    found = score(BY_NAME["lingers, short runs"], 40)
    for constant in ("base", "running a"):
        assert_honest(constant, found[constant])


def test_threads_are_found_to_the_last_digits() -> None:
    for constant, one in score(BY_NAME["threads"].lag_known, 20).items():
        if constant != "lag":
            assert (one.held, one.bias) == pytest.approx((1, 0), abs=1e-9), constant


@pytest.mark.parametrize("lag", [2, 5, 10, 15])
def test_the_lag_of_stamps_is_found_to_the_second(lag: int) -> None:
    found = score(BY_NAME[f"late by {lag} s"], 15)["lag"]
    assert (found.bias, found.sd, found.held) == (0, 0, 1)


@pytest.mark.slow
def test_a_lag_of_means_is_found_within_its_interval() -> None:
    found = score(BY_NAME["means, bursts"], 60)
    assert abs(found["lag"].bias) * 5 < 0.5
    for constant in ("lag", "running a"):
        held = round(found[constant].held * 60)
        assert binom.ppf(0.005, 60, LEAST_HELD) <= held, f"{constant}: {held} of 60 intervals hold it"


def test_a_lag_that_is_not_looked_for_spoils_the_costs() -> None:
    """Else the tests of the lag could not fail."""
    case = BY_NAME["late by 15 s"]
    seen = day(1, {"a": Job(per_hour=120, seconds=20)}, Server(), case.scraping)
    blind = fitted(seen.memory, Sampling(30, lags=(0.0,))).running["a"]
    assert isinstance(blind, Estimate)
    assert blind.high < 0.8 * 80 * MIB


def test_means_against_counts_of_an_instant_are_badly_off() -> None:
    seen = day(1, {"a": Job(per_hour=100, seconds=20)}, Server(), Scraping(60, window=60))
    right, wrong = (fitted(seen.memory, Sampling(60, window, (0.0,))).running["a"] for window in (60.0, 0.0))
    assert isinstance(right, Estimate)
    assert isinstance(wrong, Estimate)
    assert right.low <= 80 * MIB <= right.high
    assert wrong.high < 0.7 * 80 * MIB


def test_caches_that_fill_are_no_leak_and_spoil_no_cost_of_a_run() -> None:
    found = score(BY_NAME["caches that fill"].lag_known, 60)
    assert_honest("running a", found["running a"])
    seen = day(1, {"a": Job()}, Server(growth_mib=5), Scraping())
    leak = fitted(seen.memory, Sampling(30)).leak_per_run
    assert isinstance(leak, Estimate)
    assert leak.high < 0.1 * MIB  # what the harness calls no leak


def test_a_leak_and_a_drift_are_told_apart_by_many_lives_whose_load_differs() -> None:
    found = score(BY_NAME["leak and drift apart"].lag_known, 40)
    assert found["drift"].count == 40
    for constant in ("leak apart", "drift", "running a"):
        assert_honest(constant, found[constant])


def test_a_drift_counts_as_a_leak_where_runs_end_as_evenly_as_time_passes() -> None:
    seen = day(1, {"a": Job()}, Server(drift_mib_per_hour=8), Scraping())
    costs = fitted(seen.memory, Sampling(30))
    assert isinstance(costs.leak_per_run, Estimate)
    assert costs.leak_per_run.value == pytest.approx(8 / 40 * MIB, rel=0.15)
    assert isinstance(costs.drift_per_hour, NotEstimable)
    assert "cannot be told apart" in costs.drift_per_hour.reason


@pytest.mark.parametrize("stale", [0, 15, pytest.param(10, marks=pytest.mark.slow)])
def test_how_stale_readings_are_is_found(stale: int) -> None:
    for seed in range(1, 4):
        seen = day(seed, {"a": Job(per_hour=60, seconds=60)}, Server(), Scraping(30, lag=3, jitter=stale))
        assert find_stale(seen.memory, Sampling(30)) == stale

"""What scrapes can tell at all: what goes together has a reason and no number; levels, spikes."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from harness.model.intervals import Estimate, NotEstimable
from harness.model.linear import Array
from harness.model.live_runs import LiveRuns
from harness.model.observed_costs import CpuCosts, StateCosts, cpu_costs, state_costs
from harness.model.observed_load import JobRuns, Life, Sampling, pooled, told_apart
from harness.model.observed_sight import levels_seen, widest_unseen_spike
from tests.unit.planted_days import EPOCH, MIB, Job, Scraping, Server, day

SAMPLING = Sampling(30, lags=(0.0,))


def costs_of(lives: tuple[Life, ...]) -> StateCosts:
    found = state_costs(lives, SAMPLING, grows=True)
    assert isinstance(found, StateCosts)
    return found


def seen(jobs: Mapping[str, Job], hours: float = 24, seed: int = 1) -> tuple[Life, ...]:
    return day(seed, jobs, Server(hours=hours), Scraping()).memory


def with_twin(lives: tuple[Life, ...]) -> tuple[Life, ...]:
    """With a job `twin` whose runs are those of `a` a second later."""
    found = []
    for life in lives:
        both = [
            LiveRuns(one.began + 1, one.ended + 1)
            for one in (life.runs["a"].starting, life.runs["a"].running)
        ]
        found.append(replace(life, runs={**life.runs, "twin": JobRuns(*both)}))
    return tuple(found)


def every(seconds: float, count: int, first: float = 0.0) -> Array:
    """So many instants."""
    return np.asarray(EPOCH + first + seconds * np.arange(count), dtype=np.float64)


def test_jobs_that_are_live_together_are_named_and_have_no_number() -> None:
    lives = with_twin(seen({"a": Job(), "b": Job(mib=150)}))
    assert told_apart(lives, SAMPLING) == (("a", "twin"), ("b",))
    found = costs_of(lives)
    assert found.together == (("a", "twin"),)
    assert found.running["a"] == NotEstimable("it is live at the same times as twin", found.quality.scrapes)
    other = found.running["b"]
    assert isinstance(other, Estimate)
    assert other.low <= 150 * MIB <= other.high


def test_jobs_that_are_pooled_have_their_mean() -> None:
    lives = with_twin(seen({"a": Job(), "b": Job(mib=150)}))
    found = costs_of(pooled(lives, {"a and twin": ("a", "twin"), "b": ("b",)}))
    one = found.running["a and twin"]
    assert isinstance(one, Estimate)
    assert one.low <= 40 * MIB <= one.high  # what one of the two held, shared among both


def test_three_jobs_of_which_one_is_the_sum_of_others_are_one_group() -> None:
    lives = seen({"a": Job(), "b": Job(mib=150)})
    joined = pooled(lives, {"a": ("a",), "b": ("b",), "sum": ("a", "b")})
    (group,) = [one for one in told_apart(joined, SAMPLING) if len(one) > 1]
    assert len(group) >= 2
    for told in costs_of(joined).running.values():
        assert isinstance(told, NotEstimable) or told.high - told.low < 20 * MIB


def test_a_job_that_never_ran_has_a_reason_and_harms_nothing() -> None:
    with_idle = costs_of(seen({"a": Job(), "idle": Job(per_hour=0)}))
    without = costs_of(seen({"a": Job()}))
    assert isinstance(with_idle.running["idle"], NotEstimable)
    assert with_idle.running["a"] == without.running["a"]


def test_a_job_whose_run_is_always_live_has_a_reason() -> None:
    (life,) = seen({"a": Job()})
    always = LiveRuns(np.array([EPOCH - 100]), np.array([np.inf]))
    none = LiveRuns(np.array([]), np.array([]))
    found = costs_of((replace(life, runs={**life.runs, "always": JobRuns(none, always)}),))
    assert found.running["always"] == NotEstimable(
        "no run was live at any scrape, or always as many", found.quality.scrapes
    )
    assert isinstance(found.running["a"], Estimate)


def test_a_job_of_few_hours_has_a_reason() -> None:
    found = costs_of(seen({"a": Job(), "rare": Job(per_hour=0.1)}))
    told = found.running["rare"]
    assert isinstance(told, NotEstimable)
    assert "blocks of time, at least 8 are needed" in told.reason


def test_a_server_without_runs_has_a_reason() -> None:
    found = state_costs(seen({"a": Job(per_hour=0)}), SAMPLING, grows=False)
    assert isinstance(found, NotEstimable)
    assert found.reason == "no run was live at any scrape, or always as many"


@pytest.mark.parametrize(("seconds", "hours"), [(120, 0.5), (1800, 8)])
def test_a_time_that_is_too_short_for_its_runs_has_a_reason(seconds: float, hours: float) -> None:
    found = state_costs(seen({"a": Job(seconds=seconds)}, hours), SAMPLING, grows=True)
    assert isinstance(found, NotEstimable)
    assert "at least 8 are needed" in found.reason


def test_lives_without_scrapes_are_passed_over() -> None:
    (life,) = seen({"a": Job()})
    empty = Life(life.began + 90_000, np.array([]), np.array([]), life.runs)
    assert costs_of((life, empty)).running == costs_of((life,)).running
    assert isinstance(state_costs((empty,), SAMPLING, grows=True), NotEstimable)
    assert isinstance(cpu_costs((empty,), SAMPLING), NotEstimable)
    assert told_apart((empty,), SAMPLING) == (("a",),)


def test_names_of_jobs_are_never_taken_for_other_regressors() -> None:
    plain = costs_of(seen({"a": Job(), "b": Job(mib=150)}))
    lives = pooled(seen({"a": Job(), "b": Job(mib=150)}), {"starting": ("a",), "hours": ("b",)})
    odd = costs_of(lives)
    assert (odd.running["starting"], odd.running["hours"]) == (plain.running["a"], plain.running["b"])
    assert odd.starting == plain.starting


def test_scrapes_that_go_by_the_clock_of_a_schedule_see_a_start_at_one_age_alone() -> None:
    """A minute's schedule and a scrape every 30 s: the mean over the start is not to be had."""
    begins = every(60, 1440)
    runs = {
        "a": JobRuns(
            LiveRuns(begins, begins + 2), LiveRuns(begins + 2, begins + 20 + 20 * (np.arange(1440) % 7))
        )
    }
    at = every(30, 2880, first=0.4)
    held = 1e8 + 5e7 * runs["a"].running.at(at) + 1e7 * runs["a"].starting.at(at)
    noise = np.random.default_rng(1).normal(0, 1e6, len(at))
    found = costs_of((Life(EPOCH - 600, at, held + noise, runs),))
    assert isinstance(found.starting, NotEstimable)
    assert "one age alone" in found.starting.reason


def test_phases_that_go_together_are_one() -> None:
    """Runs as short as their start, as means over ten minutes see them."""
    chance = np.random.default_rng(1)
    begins = np.sort(EPOCH + chance.uniform(0, 86400 * 3, 3000))
    runs = {"a": JobRuns(LiveRuns(begins, begins + 4), LiveRuns(begins + 4, begins + 8))}
    at = every(600, 431, first=600)
    both = runs["a"].starting.mean(at, 600.0) + runs["a"].running.mean(at, 600.0)
    life = Life(EPOCH - 600, at, 1e8 + 5e7 * both + chance.normal(0, 1e5, len(at)), runs)
    found = state_costs((life,), Sampling(600, 600.0, (0.0,)), grows=False)
    assert isinstance(found, StateCosts)
    assert isinstance(found.starting, NotEstimable)
    told = found.running["a"]
    assert isinstance(told, Estimate)
    assert told.low <= 5e7 <= told.high


def test_cpu_seconds_are_those_of_both_phases_although_they_are_one() -> None:
    chance = np.random.default_rng(2)
    begins = np.sort(EPOCH + chance.uniform(0, 86400 * 3, 3000))
    runs = {"a": JobRuns(LiveRuns(begins, begins + 4), LiveRuns(begins + 4, begins + 8))}
    at = every(600, 431, first=600)
    up = LiveRuns(begins, begins + 8)
    used = np.cumsum(0.05 + 0.7 * up.mean(at, 600.0) + chance.normal(0, 0.002, len(at))) * 600
    found = cpu_costs((Life(EPOCH - 600, at, used, runs),), Sampling(600, lags=(0.0,)))
    assert isinstance(found, CpuCosts)
    told = found.seconds_per_run["a"]
    assert isinstance(told, Estimate)
    assert told.low <= 0.7 * 8 <= told.high
    assert told.high - told.low < 0.5


def test_what_is_predicted_and_what_is_left_over_are_what_was_read() -> None:
    lives = day(1, {"a": Job()}, Server(lives=2), Scraping()).memory
    quality = costs_of(lives).quality
    for life, at, predicted in zip(lives, quality.at, quality.predicted, strict=True):
        read = life.values[np.searchsorted(life.at, at)]
        assert np.std(read - predicted) == pytest.approx(25 * MIB, rel=0.2)
    assert quality.scale == pytest.approx(25 * MIB, rel=0.2)
    assert list(quality.quantiles) == sorted(quality.quantiles)
    assert sum(len(at) for at in quality.at) == quality.scrapes


def test_levels_are_those_that_enough_scrapes_saw() -> None:
    begins = every(600, 59, first=600)
    runs = LiveRuns(
        np.concatenate([begins, begins[:3] + 10]), np.concatenate([begins + 200, begins[:3] + 45])
    )
    none = LiveRuns(np.array([]), np.array([]))
    at = every(15, 2400)
    life = Life(EPOCH - 600, at, np.zeros(2400), {"a": JobRuns(none, runs)})
    levels = levels_seen((life,), SAMPLING)
    assert (levels.held, levels.highest_held, levels.highest) == ((0, 1), 1, 2)
    assert levels_seen((replace(life, at=at[:0], values=at[:0]),), SAMPLING).highest_held == 0


@pytest.mark.parametrize("runs", [3, 30, 300])
def test_a_spike_of_the_width_that_is_told_is_missed_in_one_of_twenty_times(runs: int) -> None:
    width = widest_unseen_spike(30, runs)
    begins = np.random.default_rng(runs).uniform(0, 30, (4000, runs))
    # Scrapes at multiples of 30 s: the spike is met where one falls into it.
    missed = ~((begins + width) >= 30).any(axis=1)
    assert missed.mean() == pytest.approx(0.05, abs=0.0105)  # three standard deviations


def test_without_a_run_nothing_was_met() -> None:
    assert widest_unseen_spike(30, 0) == 30

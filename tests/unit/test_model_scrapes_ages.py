"""What a run holds by its age: flat where it is, and spikes and ramps are found where they are."""

import numpy as np
import pytest
from scipy.stats import binom

from harness.model.intervals import Estimate, NotEstimable
from harness.model.observed_costs import StateCosts, state_costs
from harness.model.observed_load import Sampling
from harness.model.observed_profile import EDGES, LEAST_MEETINGS, Profile, memory_profile
from tests.unit.planted_days import MIB, Job, Scraping, Server, Shape, day, flat, ramp, spike

SAMPLING = Sampling(30, lags=(0.0,))
HELD = 80.0


def profile(seed: int, shape: Shape, hours: float = 12, sampling: Sampling = SAMPLING) -> Profile:
    jobs = {"a": Job(shape=shape), "b": Job(per_hour=20, seconds=60, mib=150)}
    scraping = Scraping(sampling.interval, sampling.window)
    seen = day(seed, jobs, Server(hours=hours, leak_mib_per_run=0.05), scraping).memory
    costs = state_costs(seen, sampling, grows=True)
    assert isinstance(costs, StateCosts)
    found = memory_profile(seen, sampling, costs, "a")
    assert isinstance(found, Profile)
    return found


def bins_that_hold(found: Profile, shape: Shape) -> list[bool]:
    """Of those that have an end: the shape's mean over them is what is to be found."""
    told = []
    for one in found.bins[:-1]:
        # More runs are as old as a bin's begin than as its end: near enough in bins as narrow as these.
        truth = HELD * MIB * float(shape(np.arange(one.lowest, one.highest) + 0.5).mean())
        told.append(one.cost.low <= truth <= one.cost.high)
    return told


def test_bins_are_without_gaps_fine_at_first_and_each_has_enough_scrapes() -> None:
    bins = profile(1, flat, hours=24).bins
    assert (bins[0].lowest, bins[-1].highest) == (0, np.inf)
    assert [one.highest for one in bins[:-1]] == [one.lowest for one in bins[1:]]
    assert {one.lowest for one in bins} <= set(EDGES)
    assert bins[0].highest == 5
    assert min(one.meetings for one in bins) >= LEAST_MEETINGS
    widths = [one.highest - one.lowest for one in bins]
    assert widths == sorted(widths)


@pytest.mark.parametrize("shape", [spike, pytest.param(flat, marks=pytest.mark.slow)])
def test_intervals_of_bins_hold_what_runs_of_that_age_hold(shape: Shape) -> None:
    told = [one for seed in range(1, 21) for one in bins_that_hold(profile(seed, shape), shape)]
    # Bins of one day go together, so that chance leaves more than the binomial distribution of their number.
    assert 0.91 <= np.mean(told) <= 0.98, f"{np.mean(told):.1%} of {len(told)}"


@pytest.mark.slow
def test_a_flat_profile_is_rarely_called_otherwise_although_there_are_many_bins() -> None:
    found = [profile(seed, flat) for seed in range(1, 31)]
    wrongly = sum(not one.flat for one in found)
    assert wrongly <= binom.ppf(0.995, 30, 0.08), f"{wrongly} of 30"
    assert sum(one.dearest is not None for one in found) <= wrongly


def test_a_spike_is_found_at_its_age_and_as_high_as_it_is() -> None:
    heights = []
    for seed in range(1, 16):
        found = profile(seed, spike)
        assert not found.flat
        assert found.dearest is not None
        assert 60 <= found.dearest.lowest < found.dearest.highest <= 80
        heights.append(found.dearest.cost.value / (2 * HELD * MIB))
        assert found.dearest.cost.low > found.pooled.high
    # The higher of two bins that are as high: half a standard deviation more than either.
    assert np.mean(heights) == pytest.approx(1, abs=0.025)


def test_a_ramp_is_not_flat_and_dearest_where_it_is_over() -> None:
    found = profile(1, ramp, hours=24)
    assert found.chance_flat < 0.01
    assert found.dearest is not None
    assert found.dearest.lowest >= 160
    assert found.dearest.cost.low <= HELD * MIB <= found.dearest.cost.high
    early = found.bins[0].cost
    assert early.high < found.pooled.low


def test_the_pooled_cost_is_that_of_the_costs_without_ages() -> None:
    seen = day(1, {"a": Job()}, Server(), Scraping()).memory
    costs = state_costs(seen, SAMPLING, grows=True)
    assert isinstance(costs, StateCosts)
    found, pooled = memory_profile(seen, SAMPLING, costs, "a"), costs.running["a"]
    assert isinstance(found, Profile)
    assert isinstance(pooled, Estimate)
    assert found.pooled.value == pytest.approx(pooled.value, rel=0.01)


def test_means_over_a_minute_tell_fewer_ages_apart_and_still_a_spike() -> None:
    found = profile(1, spike, hours=36, sampling=Sampling(60, 60.0, (0.0,)))
    assert len(found.bins) < len(profile(1, spike, hours=36).bins)
    assert found.dearest is not None
    assert 50 <= found.dearest.lowest < found.dearest.highest <= 90


def test_too_few_runs_have_no_profile_and_a_job_that_is_not_told_apart_has_none() -> None:
    jobs = {"a": Job(), "b": Job(per_hour=0.7, seconds=20), "c": Job(per_hour=0)}
    seen = day(2, jobs, Server(hours=48), Scraping()).memory
    costs = state_costs(seen, SAMPLING, grows=True)
    assert isinstance(costs, StateCosts)
    few, none = (memory_profile(seen, SAMPLING, costs, job) for job in "bc")
    assert isinstance(none, NotEstimable)
    assert none.reason == "no run was live at any scrape, or always as many"
    assert isinstance(few, NotEstimable)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.model.day_peaks import DAY_SECONDS
from harness.sizing.arrivals import Stream
from harness.sizing.demand import Demand, demand_of_history, demand_of_streams

ONE = np.array([1.0])
DAY_OF_RUNS = np.arange(0.0, DAY_SECONDS, 360.0)


def demand(run_seconds: float, runs_per_hour: float, days: float = 100.0, **more: float | bool) -> Demand:
    stream = Stream(0, run_seconds, runs_per_hour, **more)  # type: ignore[arg-type]
    return demand_of_streams([stream], ONE, headroom=2.5, return_days=days)


def history(starts: np.ndarray, seconds: float, days: float = 100.0) -> Demand:
    return demand_of_history(starts, starts + seconds, np.zeros(len(starts)), 0.0, ONE, 2.5, days, 1)


def test_the_guides_own_figures_come_out_of_its_formula() -> None:
    found = demand(45.0, 200.0)
    assert found.average == (2.5,)
    assert found.guide.exact == 6.25
    assert found.guide.total == 7
    assert found.launches_per_second[0] == pytest.approx(200 / 3600)


@pytest.mark.parametrize("runs_per_hour", [20.0, 200.0, 500.0, 20_000.0])
def test_a_day_is_far_above_what_holds_at_most_instants(runs_per_hour: float) -> None:
    """At any instant it is Poisson (Takács 1962); the peak of a day lies far out in its tail."""
    found = demand(45.0, runs_per_hour)
    assert found.target.total > stats.poisson.ppf(0.999, found.average[0])
    assert found.usual.total < found.target.total < found.rare.total
    assert found.average_existing[0] == found.average[0]


def test_the_guides_factor_is_too_little_for_few_runs_and_too_much_for_many() -> None:
    few, many = demand(45.0, 200.0), demand(45.0, 50_000.0)
    assert few.target.total > few.guide.total
    assert many.target.total < many.guide.total / 2


def test_processes_exist_longer_than_runs_last() -> None:
    plain, longer = demand(45.0, 200.0), demand(45.0, 200.0, beyond_seconds=45.0)
    assert longer.average == plain.average
    assert longer.guide == plain.guide
    assert longer.average_existing[0] == pytest.approx(2 * plain.average_existing[0])
    assert longer.target.total > plain.target.total


@pytest.mark.parametrize("every_hours", [1.0, 24.0, 168.0, 8760.0])
def test_what_a_schedule_launches_together_always_fits(every_hours: float) -> None:
    """However seldom it does: a burst of 45 s a day is 0.05 % of the time, and takes the server down."""
    found = demand(45.0, 12 / every_hours, at_once=12, regular=True)
    assert found.target.total == found.rare.total == 12
    assert "schedules" in found.target.how


@pytest.mark.parametrize("days", [2.0, 100.0, 1000.0])
def test_schedules_that_coincide_fit_together_and_beside_random_arrivals(days: float) -> None:
    streams = [
        Stream(0, 30.0, 10.0),
        Stream(0, 45.0, 20 / 24, at_once=20, regular=True),
        Stream(0, 45.0, 7 / 168, at_once=7, regular=True),
    ]
    found = demand_of_streams(streams, ONE, 2.5, days)
    assert 27 <= found.target.total <= 30
    assert found.rare.total >= found.target.total


def test_a_peak_is_one_of_memory() -> None:
    """Of two kinds that are seldom in progress together the heavy one must fit."""
    light, heavy = Stream(0, 300.0, 12.0, regular=True), Stream(1, 36.0, 1.0, regular=True)
    found = demand_of_streams([light, heavy], np.array([1.0, 50.0]), 2.5, 100.0)
    assert found.target.runs[1] == 1


@settings(max_examples=40, deadline=None)
@given(
    st.floats(1, 600),
    st.floats(0.5, 300),
    st.floats(1, 3),
    st.floats(1, 3),
    st.floats(1, 3),
    st.floats(2, 1000),
)
def test_more_demand_never_gives_less(
    seconds: float, hourly: float, longer: float, oftener: float, headroom: float, days: float
) -> None:
    less = demand_of_streams([Stream(0, seconds, hourly)], ONE, 1.0, days)
    more = demand_of_streams([Stream(0, seconds * longer, hourly * oftener)], ONE, headroom, days)
    assert more.target.total >= less.target.total
    assert more.rare.total >= less.rare.total
    assert more.usual.total >= less.usual.total
    assert more.guide.total >= less.guide.total


@pytest.mark.parametrize("runs_per_hour", [1e-9, 1e-3, 200_000.0, 1e7])
def test_any_rate_is_answered(runs_per_hour: float) -> None:
    for found in (demand(45.0, runs_per_hour), demand(45.0, runs_per_hour, at_once=3, regular=True)):
        assert found.target.total >= found.average_existing[0]
        assert found.rare.total >= found.target.total >= found.usual.total


def test_a_history_is_taken_as_it_was_and_beside_random_arrivals() -> None:
    """Ten runs at once, once an hour: random arrivals of the same rate never come so close together."""
    hours = np.repeat(np.arange(24.0), 10) * 3600
    found = history(hours, 60.0)
    assert found.target.total == found.usual.total == 10
    assert found.average[0] == pytest.approx(240 * 60 / (23 * 3600 + 60))
    assert "peaks of 1 day" in found.target.how


@pytest.mark.parametrize(("every", "days"), [(1, 30), (1, 400), (7, 30), (7, 400), (30, 100), (30, 400)])
def test_a_burst_that_recurs_in_a_history_fits(every: int, days: int) -> None:
    bursts = np.repeat(np.arange(0, days, every) * DAY_SECONDS + 7200, 20)
    others = (np.arange(days)[:, None] * DAY_SECONDS + DAY_OF_RUNS).ravel()
    found = history(np.concatenate([bursts, others]), 45.0)
    assert found.target.total in (20, 21)


def test_a_burst_that_came_once_in_a_long_history_is_rarer_than_the_target() -> None:
    once = np.full(50, 100 * DAY_SECONDS)
    others = (np.arange(400)[:, None] * DAY_SECONDS + DAY_OF_RUNS).ravel()
    found = history(np.concatenate([once, others]), 45.0)
    assert found.target.total < 5
    assert found.rare.total >= 50


def test_a_short_history_says_that_it_is_short_and_what_it_rests_on() -> None:
    found = history((np.arange(28)[:, None] * DAY_SECONDS + DAY_OF_RUNS).ravel(), 45.0)
    [warning] = found.warnings
    assert "28 days" in warning
    assert "once in 29 days" in warning
    assert found.rests_on == "6,720 runs on 28 days"
    assert not history((np.arange(120)[:, None] * DAY_SECONDS + DAY_OF_RUNS).ravel(), 45.0).warnings


def test_a_rate_that_was_counted_on_few_runs_may_be_higher() -> None:
    few = history(np.array([0.0, 100.0, 200.0]), 45.0)
    assert few.launches_at_most[0] == pytest.approx(stats.gamma.ppf(0.975, 4) / 245)
    many = history(np.arange(0.0, 30 * DAY_SECONDS, 60.0), 45.0)
    assert many.launches_at_most[0] < 1.02 * many.launches_per_second[0]

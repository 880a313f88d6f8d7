import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.sizing.arrivals import Stream
from harness.sizing.demand import Demand, demand_of_history, demand_of_streams

ONE = np.array([1.0])


def demand(run_seconds: float, runs_per_hour: float, **more: float | bool) -> Demand:
    stream = Stream(0, run_seconds, runs_per_hour, **more)  # type: ignore[arg-type]
    return demand_of_streams([stream], ONE, headroom=2.5, quantile=0.999, seed=1)


def test_the_guides_own_figures_come_out_of_its_formula() -> None:
    found = demand(45.0, 200.0)
    assert found.average == (2.5,)
    assert found.guide.exact == 6.25
    assert found.guide.total == 7
    assert found.launches_per_second[0] == pytest.approx(200 / 3600)


@pytest.mark.parametrize("runs_per_hour", [20.0, 200.0, 500.0])
def test_random_arrivals_are_poisson(runs_per_hour: float) -> None:
    """The number at any instant: Takács 1962."""
    found = demand(45.0, runs_per_hour)
    assert found.ordinary[0].total == pytest.approx(stats.poisson.ppf(0.999, found.average[0]), abs=1)
    assert found.busiest.total > found.ordinary[0].total
    assert found.average_existing[0] == pytest.approx(found.average[0], rel=0.05)


def test_processes_exist_longer_than_runs_last() -> None:
    plain, longer = demand(45.0, 200.0), demand(45.0, 200.0, beyond_seconds=45.0)
    assert longer.average == plain.average
    assert longer.guide == plain.guide
    assert longer.average_existing[0] == pytest.approx(2 * plain.average_existing[0], rel=0.05)
    assert longer.ordinary[0].total > plain.ordinary[0].total


def test_a_schedule_that_launches_many_at_once_needs_room_for_all() -> None:
    found = demand(60.0, 12.0, at_once=12, regular=True)
    assert found.ordinary[0].total == found.busiest.total == 12
    assert found.binding(ONE) is found.ordinary[0]
    assert "by schedule" in found.ordinary[0].how


def test_a_quantile_is_one_of_memory() -> None:
    """Of two kinds that are seldom in progress together the heavy one must fit."""
    light, heavy = Stream(0, 300.0, 12.0, regular=True), Stream(1, 36.0, 1.0, regular=True)
    found = demand_of_streams([light, heavy], np.array([1.0, 50.0]), 2.5, 0.999, 1)
    assert found.ordinary[0].runs[1] == 1


@settings(max_examples=25, deadline=None)
@given(
    st.floats(1, 600),
    st.floats(0.5, 300),
    st.floats(1, 3),
    st.floats(1, 3),
    st.floats(1, 3),
    st.floats(0.9, 0.999),
)
def test_more_demand_never_gives_less(
    seconds: float, hourly: float, longer: float, oftener: float, headroom: float, quantile: float
) -> None:
    less = demand_of_streams([Stream(0, seconds, hourly)], ONE, 1.0, quantile, 1)
    more = demand_of_streams([Stream(0, seconds * longer, hourly * oftener)], ONE, headroom, quantile, 1)
    assert more.binding(ONE).total >= less.binding(ONE).total
    assert more.ordinary[0].total >= less.ordinary[0].total
    assert more.busiest.total >= less.busiest.total
    assert more.guide.total >= less.guide.total


def test_a_history_is_taken_as_it_was_and_beside_random_arrivals() -> None:
    """Ten runs at once, once an hour: random arrivals of the same rate never come so close together."""
    hours = np.repeat(np.arange(24.0), 10) * 3600
    found = demand_of_history(hours, hours + 60, np.zeros(240), 0.0, ONE, 2.5, 0.999, 1)
    as_it_was, at_random = found.ordinary
    assert (as_it_was.total, found.busiest.total) == (10, 10)
    assert at_random.total < 10
    assert found.binding(ONE) is as_it_was
    assert found.average[0] == pytest.approx(240 * 60 / (23 * 3600 + 60))
    assert "never exceeded" in found.busiest.how

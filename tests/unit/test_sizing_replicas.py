"""One server or replicas, and the whole of a recommendation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.results.scenario_record import ScenarioRecord
from harness.results.sizing_document import ReplicasRecord, SizingDocument
from harness.sizing.arrivals import Stream, trace_of_history
from harness.sizing.demand import Demand, demand_of_streams
from harness.sizing.prices import Machine, Tariff
from harness.sizing.recommend import Origin, Prices, Wish, recommend, weights_of
from harness.sizing.replicas import Ceiling, ServerNeed, decide
from harness.sizing.shapes import GIB, MIB
from tests.unit.sizing_made import costs

IO, HEAVY = costs(), costs("heavy", per_run_mib=400.0)
ONE = np.array([1.0])
NEED = ServerNeed(1000.0 * MIB, 1.0, 0.5, 0.01)
LARGE = Ceiling(16.0, 120.0 * GIB)


def demand(run_seconds: float = 45.0, runs_per_hour: float = 200.0, **more: float | bool) -> Demand:
    stream = Stream(0, run_seconds, runs_per_hour, **more)  # type: ignore[arg-type]
    return demand_of_streams([stream], ONE, 2.5, 0.999, 1)


def why(decision: ReplicasRecord, rule: str) -> str:
    return next(one.why for one in decision.rules if one.name == rule)


def test_one_server_beats_the_default_where_little_is_lost() -> None:
    found = decide(demand(), NEED, LARGE, acceptable_loss_seconds=600.0)
    assert found.replicas == 1
    assert "beats the default of 2" in found.why
    one = found.layouts[0]
    assert one.lost_runs == 9
    assert one.lost_run_seconds == pytest.approx(9 * 22.5, rel=0.01)


def test_two_replicas_stand_where_one_server_loses_too_much() -> None:
    found = decide(demand(), NEED, LARGE, acceptable_loss_seconds=150.0)
    assert found.replicas == 2
    assert found.layouts[1].lost_run_seconds <= 150.0 < found.layouts[0].lost_run_seconds


def test_more_replicas_where_two_lose_too_much() -> None:
    found = decide(demand(), NEED, LARGE, acceptable_loss_seconds=100.0)
    assert found.replicas == 4
    assert "fewest" in found.why


def test_replicas_do_not_help_a_burst_that_goes_whole_to_one() -> None:
    burst = demand(600.0, 10.0, at_once=10, regular=True)
    assert burst.on_one_of == (10, 10, 10, 10)
    found = decide(burst, NEED, LARGE, acceptable_loss_seconds=600.0)
    assert found.replicas == 2
    assert "divide the jobs among code locations" in found.why


def test_launches_that_are_too_many_for_one_server_take_replicas() -> None:
    found = decide(demand(), replace(NEED, average_cores=9.0), Ceiling(4.0, 30.0 * GIB), 1e9)
    assert found.replicas == 3
    assert "one server has 4" in why(found, "CPU")


def test_a_burst_that_is_too_much_for_one_server_is_not_helped_by_replicas() -> None:
    found = decide(demand(), replace(NEED, burst_cores=9.0), Ceiling(4.0, 30.0 * GIB), 1e9)
    assert found.replicas == 1
    assert "--start-within" in why(found, "CPU")


def test_a_run_met_at_any_instant_is_likely_a_long_one() -> None:
    """Nine runs of 10 s and one of 910 s: met are mostly the long one's seconds."""
    lasted = np.array([10.0] * 9 + [910.0])
    trace = trace_of_history(np.arange(10.0), np.arange(10.0) + lasted, np.zeros(10, dtype=np.int64), 0.0)
    assert trace.elapsed_seconds() == pytest.approx((9 * 10**2 + 910**2) / (2 * 1000))


def test_launches_in_quick_succession_go_to_one_replica() -> None:
    starts = np.array([0.0, 1.0, 2.5, 100.0, 101.0])
    trace = trace_of_history(starts, starts + 50, np.zeros(5, dtype=np.int64), 0.0)
    assert trace.launches.tolist() == [0, 0, 0, 1, 1]
    parts = trace.divided(3, seed=1)
    assert sum(len(part.starts) for part in parts) == 5
    for launch in (0, 1):
        assert sum(launch in part.launches for part in parts) == 1


ORIGIN = Origin("made", "process", ScenarioRecord({"name": "made"}), "0", "now", "", (), False)


def sized(
    streams: list[Stream], ceiling: Ceiling, prices: Prices | None = None, loss: float = 600.0
) -> SizingDocument:
    both = (IO, HEAVY)
    found = demand_of_streams(streams, weights_of(both), 2.5, 0.999, 1)
    return recommend(both, found, Wish(60.0, 1, None, 0.05, loss, ceiling), ORIGIN, prices)


@settings(max_examples=20, deadline=None)
@given(
    st.floats(1, 300),
    st.floats(1, 100),
    st.floats(1, 300),
    st.floats(1, 30),
    st.integers(1, 8),
    st.floats(1, 1e5),
)
def test_replicas_times_capacity_is_no_less_than_the_demand(
    light_seconds: float,
    light_hourly: float,
    heavy_seconds: float,
    heavy_hourly: float,
    at_once: int,
    loss: float,
) -> None:
    streams = [
        Stream(0, light_seconds, light_hourly),
        Stream(1, heavy_seconds, heavy_hourly, at_once=at_once, regular=True),
    ]
    found = sized(streams, Ceiling(math.inf, math.inf), loss=loss)
    memory = found.target("memory").total
    for shape in found.shapes:
        if shape.memory_bytes is None:
            continue
        assert shape.max_concurrent_runs is not None
        assert found.replicas.replicas * shape.max_concurrent_runs >= found.peak.total
        assert shape.max_concurrent_runs >= found.peak.total  # a burst may go whole to one replica
        assert shape.memory_bytes >= memory
        assert shape.cpus is not None
    totals = [layout.memory_bytes for layout in found.replicas.layouts]
    assert totals == pytest.approx([memory * number for number in range(1, 5)])
    lost = [layout.lost_runs for layout in found.replicas.layouts]
    assert lost[0] == max(lost)


def test_nothing_is_offered_beyond_the_largest_server() -> None:
    found = sized([Stream(1, 300.0, 100.0)], Ceiling(0.5, 1.0 * GIB))
    assert [shape.memory_bytes for shape in found.shapes] == [None] * 4
    assert all("divide the jobs" in shape.note for shape in found.shapes)
    assert found.cap is None


def test_prices_list_every_size_that_suffices_cheapest_first() -> None:
    machines = (
        Machine("small", 1.0, 1 * GIB, 0.01),
        Machine("large", 16.0, 64 * GIB, 0.5),
        Machine("larger", 32.0, 128 * GIB, 0.9),
    )
    tariffs = {
        "ecs-fargate": Tariff(0.04, 0.005),
        "ecs-ec2": Tariff(0.0, 0.0, machines),
        "kubernetes": Tariff(0.03, 0.004),
    }
    prices = Prices("prices.yaml", "USD", 100.0, tariffs)  # type: ignore[arg-type]
    found = sized([Stream(1, 300.0, 100.0)], Ceiling(math.inf, math.inf), prices, loss=1.0)
    assert found.prices is not None
    offers = found.prices.offers
    costs_per_month = [offer.cost_per_month for offer in offers]
    assert costs_per_month == sorted(costs_per_month)
    memory = found.target("memory").total
    assert all(offer.memory_bytes >= memory for offer in offers)
    assert [offer.name for offer in offers if offer.platform == "ecs-ec2"] == ["large", "larger"]
    large = next(offer for offer in offers if offer.name == "large")
    assert large.cost_per_month == pytest.approx(0.5 * 100 * found.replicas.replicas)
    kubernetes = [offer for offer in offers if offer.platform == "kubernetes"]
    shape = found.shape("kubernetes")
    assert [offer.memory_bytes for offer in kubernetes] == [shape.memory_bytes]
    assert shape.cpus is not None
    assert shape.memory_bytes is not None
    assert kubernetes[0].cost_per_month == pytest.approx(
        (shape.cpus * 0.03 + shape.memory_bytes / GIB * 0.004) * 100 * found.replicas.replicas
    )

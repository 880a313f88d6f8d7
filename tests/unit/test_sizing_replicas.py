"""One server or replicas, and the whole of a recommendation."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.results.folder import ResultFolder
from harness.results.scenario_record import ScenarioRecord
from harness.results.sizing_document import ReplicasRecord, SizingDocument
from harness.sizing.arrivals import Stream, trace_of_history
from harness.sizing.demand import demand_of_streams
from harness.sizing.placement import BURSTS, REPLICAS, Placement, placement_of, shares
from harness.sizing.prices import Machine, Tariff
from harness.sizing.recommend import Origin, Prices, Wish, recommend, weights_of
from harness.sizing.replicas import Ceiling, ServerNeed, decide
from harness.sizing.shapes import GIB, MIB
from tests.unit.sizing_made import costs

IO, HEAVY = costs(), costs("heavy", per_run_mib=400.0)
ONE = np.array([1.0])
LARGE = Ceiling(16.0, 120.0 * GIB)


EVEN = Placement("soaks", 3, 30_000, 10_000)
"""So many launches that their share is known to a hundredth."""
SOME = Placement("soaks", 3, 60, 24)
ONE_OF_THREE = Placement("soaks", 3, 60, 60)


def needs(placement: Placement | None, *streams: Stream, burst_cores: float = 1.0) -> list[ServerNeed]:
    demands = [demand_of_streams(streams, ONE, 2.5, 100.0, share) for share in shares(placement)]
    return [
        ServerNeed(
            share=share,
            runs=one.target.total,
            memory_bytes=(100 + 100 * one.target.total) * MIB,
            burst_cores=burst_cores,
            average_cores=0.5,
            elapsed_seconds=one.elapsed_seconds,
            average_existing=sum(one.average_existing),
        )
        for one, share in zip(demands, shares(placement), strict=True)
    ]


def why(decision: ReplicasRecord, rule: str) -> str:
    return next(one.why for one in decision.rules if one.name == rule)


RANDOM, BURST = Stream(0, 45.0, 2000.0), Stream(0, 600.0, 10.0, at_once=20, regular=True)


def test_one_server_where_little_is_lost() -> None:
    found = decide(needs(EVEN, RANDOM), EVEN, LARGE, acceptable_loss_seconds=3600.0)
    assert found.replicas == 1
    one = found.layouts[0]
    assert one.lost_run_seconds == pytest.approx(one.lost_runs * 22.5, rel=0.01)


def test_replicas_where_one_server_loses_too_much_and_one_of_several_clearly_less() -> None:
    found = decide(needs(EVEN, RANDOM), EVEN, LARGE, acceptable_loss_seconds=850.0)
    assert found.replicas == 2
    assert found.layouts[1].lost_run_seconds <= 850.0 < found.layouts[0].lost_run_seconds
    assert found.layouts[1].lost_runs < 0.75 * found.layouts[0].lost_runs
    fewer = decide(needs(EVEN, RANDOM), EVEN, LARGE, acceptable_loss_seconds=550.0)
    assert fewer.replicas > 2
    assert fewer.layouts[fewer.replicas - 1].lost_run_seconds <= 550.0


def test_no_replicas_where_it_was_not_measured_how_launches_spread() -> None:
    found = decide(needs(None, RANDOM), None, LARGE, acceptable_loss_seconds=700.0)
    assert found.replicas == 1
    assert len(found.layouts) == 1
    assert "--placement" in found.why
    assert "code locations" in found.why


@pytest.mark.parametrize(("placement", "streams"), [(EVEN, [BURST]), (ONE_OF_THREE, [RANDOM])])
def test_no_replicas_where_one_of_them_loses_as_much_as_one_server(
    placement: Placement, streams: list[Stream]
) -> None:
    """A burst goes whole to one; and launches one by one do, where that was measured."""
    of_each = needs(placement, *streams)
    runs = [one.runs for one in of_each]
    assert max(runs) == runs[0]
    assert min(runs) > 0.75 * runs[0]
    found = decide(of_each, placement, LARGE, acceptable_loss_seconds=60.0)
    assert found.replicas == 1
    assert "help too little" in found.why
    assert "code locations" in found.why


def test_a_placement_known_from_few_launches_counts_as_uneven_as_it_may_be() -> None:
    assert 1.0 <= EVEN.most_of_even < 1.02
    assert SOME.most_of_even == pytest.approx(3 * 0.5346, rel=0.001)  # Clopper-Pearson, 24 of 60
    assert ONE_OF_THREE.most_of_even == 3.0
    few, many = needs(SOME, RANDOM), needs(EVEN, RANDOM)
    assert [one.runs for one in few[1:]] > [one.runs for one in many[1:]]
    assert few[0].runs == many[0].runs


def test_launches_that_are_too_many_for_one_server_take_replicas_that_share_them() -> None:
    of_each = [replace(one, average_cores=9.0 / one.share.replicas) for one in needs(EVEN, RANDOM)]
    found = decide(of_each, EVEN, Ceiling(4.0, 30.0 * GIB), 1e9)
    assert found.replicas == 3
    assert "one server has 4" in why(found, "CPU")


def test_a_burst_that_is_too_much_for_one_server_is_not_helped_by_replicas() -> None:
    found = decide(needs(EVEN, RANDOM, burst_cores=9.0), EVEN, Ceiling(4.0, 30.0 * GIB), 1e9)
    assert found.replicas == 1
    assert "--start-within" in why(found, "CPU")


def test_a_run_met_at_any_instant_is_likely_a_long_one() -> None:
    """Nine runs of 10 s and one of 910 s: met are mostly the long one's seconds."""
    lasted = np.array([10.0] * 9 + [910.0])
    trace = trace_of_history(np.arange(10.0), np.arange(10.0) + lasted, np.zeros(10, dtype=np.int64), 0.0)
    assert trace.elapsed_seconds() == pytest.approx((9 * 10**2 + 910**2) / (2 * 1000))


def test_launches_in_quick_succession_go_to_one_replica() -> None:
    starts = np.array([0.0, 1.0, 2.5, 100.0, 101.0] + [200.0 + 10 * number for number in range(500)])
    trace = trace_of_history(starts, starts + 50, np.zeros(len(starts), dtype=np.int64), 0.0)
    assert trace.launches[:5].tolist() == [0, 0, 0, 1, 1]
    taken = [trace.thinned(1 / 3, seed) for seed in range(20)]
    for one in taken:
        assert {int((one.launches == launch).sum()) for launch in (0, 1)} <= {0, 2, 3}
    assert np.mean([len(one.starts) for one in taken]) == pytest.approx(505 / 3, rel=0.1)


ORIGIN = Origin("made", "process", ScenarioRecord({"name": "made"}), "0", "now", "", (), False)


def sized(
    streams: list[Stream], ceiling: Ceiling, prices: Prices | None = None, loss: float = 600.0
) -> SizingDocument:
    both = (IO, HEAVY)
    found = [demand_of_streams(streams, weights_of(both), 2.5, 100.0, share) for share in shares(EVEN)]
    return recommend(both, found, Wish(60.0, 1, None, 0.05, loss, ceiling), ORIGIN, EVEN, prices)


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
        whole = found.peaks[2].total
        assert shape.max_concurrent_runs >= whole  # counts over all replicas
        assert found.replicas.replicas * found.peak.total >= whole
        assert shape.memory_bytes >= memory
        assert shape.cpus is not None
    lost = [layout.lost_runs for layout in found.replicas.layouts]
    assert lost == sorted(lost, reverse=True)
    assert found.replicas.layouts[0].lost_runs == found.peaks[2].total
    assert found.replicas.layouts[found.replicas.replicas - 1].lost_runs == found.peak.total


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


def test_the_committed_placement_is_even_enough_for_replicas() -> None:
    folder = ResultFolder(Path("results/placement"))
    found = placement_of(
        folder.read_document(), folder.columns("bursts", BURSTS), folder.columns("replicas", REPLICAS)
    )
    assert (found.launches, found.on_busiest, found.replicas) == (120, 42, 3)
    assert 1.2 < found.most_of_even < 1.5  # 42 of 120: at most 44 %, where a third is even

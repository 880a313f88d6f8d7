from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.sizing.formulas import cpu_need, memory_need, runs_held, with_headroom, workers_need
from harness.sizing.shapes import FARGATE, GIB, MIB, Size, compose, ec2, fargate, kubernetes
from tests.unit.sizing_made import cost, costs

IO, HEAVY = costs(), costs("heavy", per_run_mib=400.0)


def test_memory_is_the_guides_sum() -> None:
    assert memory_need([IO], [6], 1, None, "value").total == pytest.approx((110 + 6 * 100) * MIB)
    assert memory_need([IO], [6], 1, None, "high").total == pytest.approx(1.1 * (110 + 6 * 100) * MIB)


def test_ticks_take_memory_where_it_was_measured() -> None:
    tick = cost(5 * MIB)
    need = memory_need([IO], [6], 3, tick, "value")
    assert need.total == pytest.approx((110 + 6 * 100 + 3 * 5) * MIB)
    assert need.terms[-1].name == "ticks at once"


def test_kinds_add_up_and_the_base_is_one_servers() -> None:
    need = memory_need([IO, HEAVY], [3, 2], 0, None, "value")
    assert need.total == pytest.approx((110 + 3 * 100 + 2 * 400) * MIB)
    assert [term.name for term in need.terms] == ["base", "runs at once (io_bound)", "runs at once (heavy)"]


def test_a_health_check_in_the_container_is_one_more_term() -> None:
    checked = replace(IO, health_check_memory_bytes=cost(60 * MIB), health_check_cores=cost(0.05))
    plain, needed = (memory_need([one, HEAVY], [3, 2], 0, None, "value") for one in (IO, checked))
    assert needed.total - plain.total == pytest.approx(60 * MIB)
    assert needed.terms[1].name == "health check"
    assert cpu_need([checked], [0.01], [10], 40.0, "value").total == pytest.approx(0.01 + 0.05 + 0.5)


def test_cpu_is_for_the_rate_or_for_the_burst_whichever_is_more() -> None:
    seldom = cpu_need([IO], [0.01], [10], 40.0, "value")
    assert seldom.binds == "a burst"
    assert seldom.total == pytest.approx(0.01 + 2.0 * 10 / 40)
    often = cpu_need([IO], [1.0], [10], 40.0, "value")
    assert often.binds == "launches on average"
    assert often.total == pytest.approx(0.01 + 2.0)


def test_workers_are_for_launches_ticks_and_pings() -> None:
    assert workers_need([IO], [0.01], [9], ticks=2, bound="value").total == 12
    assert workers_need([IO], [30.0], [9], ticks=0, bound="value").total == 22


@given(st.integers(0, 20), st.integers(0, 20), st.floats(1, 8), st.sampled_from([0.0, 0.05, 0.5]))
def test_what_a_size_holds_fits_and_one_more_does_not(
    light: int, heavy: int, spare: float, headroom: float
) -> None:
    def needed(heavy_runs: int) -> float:
        need = memory_need([IO, HEAVY], [light, heavy_runs], 1, None, "high")
        return with_headroom(need, headroom).total

    memory = spare * needed(heavy)
    held = runs_held([IO, HEAVY], [light, heavy], needed(heavy), headroom, memory)
    assert held >= light + heavy
    assert needed(held - light) <= memory * (1 + 1e-9)
    assert needed(held - light + 1) > memory * (1 - 1e-9)


def test_headroom_is_a_term_of_its_own() -> None:
    need = with_headroom(memory_need([IO], [6], 0, None, "value"), 0.05)
    assert need.total == pytest.approx(1.05 * (110 + 6 * 100) * MIB)
    assert need.terms[-1].name == "headroom"
    assert with_headroom(need, 0.0) is need


@given(
    st.integers(0, 300),
    st.integers(0, 300),
    st.floats(0, 10),
    st.floats(1, 600),
    st.sampled_from(["value", "high"]),
)
def test_the_terms_are_the_total(few: int, many: int, rate: float, within: float, bound: str) -> None:
    both = ([IO, HEAVY], [few, many])
    for need in (
        with_headroom(memory_need(*both, 2, cost(1e6), bound), 0.05),  # type: ignore[arg-type]
        cpu_need(both[0], [rate, rate], both[1], within, bound),  # type: ignore[arg-type]
        workers_need(both[0], [rate, rate], both[1], 3, bound),  # type: ignore[arg-type]
    ):
        assert need.total == pytest.approx(sum(term.count * term.cost for term in need.terms))


@given(st.floats(0, 17), st.floats(0, 130 * GIB))
def test_a_fargate_task_is_a_valid_pair_that_suffices(cores: float, memory: float) -> None:
    size = fargate(cores, memory)
    if size is None:
        assert cores > 16 or memory > 120 * GIB
        return
    assert size.memory_bytes / GIB in FARGATE[size.cpus]
    assert size.cpus >= cores
    assert size.memory_bytes >= memory


@given(st.floats(0.001, 64), st.floats(1, 500 * GIB))
def test_free_sizes_suffice_and_waste_no_step(cores: float, memory: float) -> None:
    platforms: list[tuple[Callable[[float, float], Size], float]] = [
        (ec2, 0.125),
        (kubernetes, 0.1),
        (compose, 0.1),
    ]
    for platform, step in platforms:
        size = platform(cores, memory)
        assert size.cpus >= cores * (1 - 1e-9)
        assert size.cpus - step < cores + 1e-9
        assert memory <= size.memory_bytes < memory + 64 * MIB


def test_the_table_of_fargate_is_amazons() -> None:
    assert list(FARGATE[0.25]) == [0.5, 1, 2]
    assert FARGATE[4] == tuple(range(8, 31))
    assert FARGATE[8] == tuple(range(16, 61, 4))
    assert FARGATE[16] == tuple(range(32, 121, 8))

"""When containers began and ended, by readings that are made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.metrics.limits import as_limit, limit_in, value_at
from harness.metrics.lives import Container, Life, kills_in, lives_in_place
from harness.metrics.prometheus_client import Series
from harness.metrics.prometheus_containers import CPU, MEMORY, containers_by_place
from harness.metrics.prometheus_kube import KubeState
from harness.metrics.prometheus_read import together
from harness.metrics.prometheus_select import Place, place_of
from harness.metrics.source import Instance, Quantity, Readings, in_order

EVERY = 30.0
NOW = 10_000.0
PLACE = Place(namespace="data", pod="code-0", container="dagster")


def readings(at: Sequence[float] | np.ndarray, values: Sequence[float] | np.ndarray) -> Readings:
    return Readings(np.array(at, float), np.array(values, float))


def container(
    at: np.ndarray,
    *,
    cpu: np.ndarray | None = None,
    memory: np.ndarray | None = None,
    starts: Readings | None = None,
) -> Container:
    """One that uses a bit more CPU time and memory at each reading, unless something else is given."""
    steps = np.arange(1.0, len(at) + 1)
    told: dict[Quantity, Readings] = {
        "working_set_bytes": readings(at, 1e8 + steps if memory is None else memory),
        "cpu_seconds": readings(at, steps if cpu is None else cpu),
    }
    return Container("pod", told, starts)


def stamps(first: float, last: float) -> np.ndarray:
    return np.arange(first, last, EVERY)


def spans(lives: Sequence[Life]) -> list[tuple[float, float, int]]:
    """Begin, end and number of readings of each life."""
    return [(one.began, one.ended, len(one.readings["working_set_bytes"].at)) for one in lives]


def test_one_that_runs_on_has_no_end() -> None:
    at = stamps(1000, NOW)
    starts = readings(at, np.full(len(at), 400.0))
    assert spans(lives_in_place([container(at, starts=starts)], NOW - 300)) == [(400.0, np.inf, len(at))]


def test_without_a_start_it_begins_with_its_first_reading() -> None:
    at = stamps(1000, 5020)
    (life,) = lives_in_place([container(at)], NOW - 300)
    assert (life.began, life.start_known, life.ended) == (1000.0, False, at[-1])


def test_that_an_end_is_not_known_is_no_end() -> None:
    (life,) = lives_in_place([container(stamps(1000, 5020))], -np.inf)
    assert life.ended == np.inf


@pytest.mark.parametrize("lingering", [1, 6, 9])
def test_what_is_repeated_after_the_end_is_left_out(lingering: int) -> None:
    at = stamps(1000, 5000)
    alive = len(at) - lingering
    steps = np.minimum(np.arange(len(at)), alive - 1.0)
    told = container(at, cpu=steps, memory=1e8 + steps)
    (life,) = lives_in_place([told], NOW - 300)
    assert spans([life]) == [(1000.0, at[alive - 1], alive)]
    assert life.readings["cpu_seconds"].at[-1] == at[alive - 1]


def test_an_idle_server_whose_memory_moves_is_alive() -> None:
    at = stamps(1000, 5000)
    told = container(at, cpu=np.full(len(at), 7.0))
    assert spans(lives_in_place([told], NOW - 300)) == [(1000.0, at[-1], len(at))]


def test_readings_of_no_memory_are_of_no_process() -> None:
    at = stamps(1000, 5000)
    memory, cpu = np.full(len(at), 1e8) + np.arange(len(at)), np.arange(len(at)) + 1.0
    memory[-4:], cpu[-4:] = 0, 0
    told = container(at, cpu=cpu, memory=memory)
    assert spans(lives_in_place([told], NOW - 300)) == [(1000.0, at[-5], len(at) - 4)]


def test_the_next_container_in_its_place_ends_one() -> None:
    """Its last values are repeated for minutes, while the next one is read already."""
    old_at, new_at = stamps(1000, 5000), stamps(4800, NOW)
    alive = int(np.searchsorted(old_at, 4700))
    steps = np.minimum(np.arange(len(old_at)), alive - 1.0)
    old = container(old_at, cpu=steps, memory=1e8 + steps)
    new = container(new_at, starts=readings(new_at, np.full(len(new_at), 4790.0)))
    lives = lives_in_place([new, old], NOW - 300)
    assert spans(lives) == [(1000.0, old_at[alive - 1], alive), (4790.0, np.inf, len(new_at))]
    assert [one.container for one in lives] == [1, 0]
    assert lives[0].until == 4790.0


def test_a_counter_that_falls_begins_a_life() -> None:
    at = stamps(1000, NOW)
    fall = 100
    cpu = np.concatenate([np.arange(fall) + 50.0, np.arange(len(at) - fall) + 1.0])
    lives = lives_in_place([container(at, cpu=cpu)], NOW - 300)
    assert spans(lives) == [(1000.0, at[fall - 1], fall), (at[fall], np.inf, len(at) - fall)]


def test_old_values_between_a_start_and_the_fall_are_of_neither() -> None:
    """The start is told at once, and the values of the new life only when they were measured."""
    at = stamps(1000, NOW)
    fall = 100
    cpu = np.concatenate([np.arange(fall) + 50.0, np.arange(len(at) - fall) + 1.0])
    cpu[fall - 2 : fall] = cpu[fall - 3]
    started = at[fall - 3] + 10
    starts = readings(at, np.where(at < started, 900.0, started))
    lives = lives_in_place([container(at, cpu=cpu, starts=starts)], NOW - 300)
    assert spans(lives) == [(900.0, at[fall - 3], fall - 2), (started, np.inf, len(at) - fall)]


def test_another_start_without_a_fall_is_no_restart() -> None:
    at = stamps(1000, NOW)
    starts = readings(at, np.where(at < 5000, 900.0, 5000.0))
    assert spans(lives_in_place([container(at, starts=starts)], NOW - 300)) == [(900.0, np.inf, len(at))]


def test_without_a_counter_another_start_is_one() -> None:
    at = stamps(1000, NOW)
    starts = readings(at, np.where(at < 5000, 900.0, 4990.0))
    told = container(at, starts=starts)
    told = replace(told, readings={"working_set_bytes": told.readings["working_set_bytes"]})
    before = int((at < 4990).sum())
    assert spans(lives_in_place([told], NOW - 300)) == [
        (900.0, at[before - 1], before),
        (4990.0, np.inf, len(at) - before),
    ]


@pytest.mark.parametrize("start", [0.0, -5.0, 1e9])
def test_a_start_that_cannot_be_is_not_believed(start: float) -> None:
    at = stamps(1000, NOW)
    (life,) = lives_in_place([container(at, starts=readings(at, np.full(len(at), start)))], NOW - 300)
    assert (life.began, life.start_known) == (1000.0, False)


@given(
    st.lists(st.integers(2, 40), min_size=1, max_size=6),
    st.lists(st.integers(0, 9), min_size=6, max_size=6),
)
def test_lives_are_those_that_were_made(lengths: list[int], lingers: list[int]) -> None:
    """Restarts of containers under new ids, each told of for a while after its end."""
    began, made, told = 1000.0, [], []
    for number, (length, linger) in enumerate(zip(lengths, lingers, strict=False)):
        at = began + 5 + EVERY * np.arange(length + linger)
        steps = np.minimum(np.arange(length + linger), length - 1.0) + 1
        starts = readings(at, np.full(len(at), began))
        told.append(container(at, cpu=steps, memory=1e8 + 1000 * number + steps, starts=starts))
        made.append((began, at[length - 1], length))
        began = at[length - 1] + 17
    assert spans(lives_in_place(told[::-1], began + 1000)) == made


def test_limits_are_told_by_their_changes() -> None:
    told = as_limit(readings([10, 20, 30, 40, 50], [0, 0, 512, 512, float(1 << 62)]))
    changed = limit_in(told, 0, 100)
    assert changed is not None
    assert changed.at.tolist() == [10, 30, 50]
    assert changed.values.tolist() == [np.inf, 512, np.inf]
    assert limit_in(told, 0, 30) is None
    assert limit_in(told, 60, 90) is None
    assert limit_in(None, 0, 100) is None
    assert [value_at(told, at) for at in (5, 30, 49)] == [np.inf, 512, 512]


def life(first: float, last: float, *, ended: float | None = None, number: int = 0) -> Life:
    at = stamps(first, last)
    memory = readings(at, np.arange(len(at)) + 1e8)
    return Life(
        number, "pod", first, True, at[-1] if ended is None else ended, last, {"working_set_bytes": memory}
    )


def test_kills_are_counted_in_the_life_they_were_in() -> None:
    first, second = life(0, 3000), life(3000, 6000, ended=np.inf)
    at = stamps(0, 6000)
    events = readings(at, 1.0 + (at >= 2970) + 2 * (at >= 5000))
    assert kills_in(events, first, None, second) == (2, True)
    assert kills_in(events, second, first, None) == (2, None)
    assert kills_in(readings(at, np.zeros(len(at))), first, None, second) == (0, None)
    assert kills_in(None, first, None, second) == (None, None)
    anew = readings([10, 40, 70, 100], [3, 3, 0, 1])
    assert kills_in(anew, first, None, None) == (4, None)


def test_the_reason_of_an_end_is_the_last_that_is_told_of_it() -> None:
    first, second = life(0, 3000), life(3000, 6000, ended=np.inf, number=1)
    reasons = {PLACE: readings([3010, 3040, 3070], [0, 1, 1])}
    once = {PLACE: readings([2900, 3010], [4, 5])}
    told = KubeState(restarts=once, last_reasons=reasons)
    assert told.ended_by_oom(PLACE, first, second) is True
    assert told.ended_by_oom(PLACE, second, None) is None
    assert KubeState(last_reasons={PLACE: readings([3010], [0])}).ended_by_oom(PLACE, first, second) is False
    assert KubeState(reasons={PLACE: readings([3010], [1])}).ended_by_oom(PLACE, first, None) is True
    assert KubeState().ended_by_oom(PLACE, first, second) is None


def test_the_reason_of_an_end_between_is_not_that_of_a_life() -> None:
    first, second = life(0, 3000), life(3300, 6000, ended=np.inf, number=1)
    often = {PLACE: readings([2900, 3200], [4, 9])}
    told = KubeState(restarts=often, last_reasons={PLACE: readings([3310], [1])})
    assert told.ended_by_oom(PLACE, first, second) is None


def test_of_two_that_scrape_the_fuller_counts_and_the_other_fills_its_gaps() -> None:
    full = stamps(0, 9000)
    full = full[(full < 3000) | (full > 4000)]
    other = stamps(2511, 9900)
    joined = together([readings(other, np.zeros(len(other))), readings(full, np.ones(len(full)))])
    assert joined.at[joined.values == 1].tolist() == full.tolist()
    filled = joined.at[joined.values == 0]
    assert filled.min() > 2970 + EVERY / 2
    assert ((filled < 4020) | (filled > 8970)).all()
    assert filled.max() == other[-1]
    assert (np.diff(joined.at) > 0).all()


def told(metric: str, at: np.ndarray, values: np.ndarray, **labels: str) -> Series:
    return Series(
        {"__name__": metric, "pod": "code-0", "container": "c", "id": "/1", **labels}, readings(at, values)
    )


def test_cpu_time_of_each_cpu_is_summed_where_all_are_told() -> None:
    at = stamps(0, 300)
    one, late = told(CPU, at, at / 10, cpu="cpu00"), told(CPU, at[4:], at[4:] / 20, cpu="cpu01")
    lost = told(CPU, np.delete(at, 7), np.delete(at, 7) / 30, cpu="cpu02")
    memory = told(MEMORY, at, at + 1)
    ((_, (found,)),) = containers_by_place({MEMORY: [memory], CPU: [one, late, lost]}, ()).items()
    summed = found.container.readings["cpu_seconds"]
    expected = at / 10 + np.where(np.arange(len(at)) >= 4, at / 20, 0) + at / 30
    assert summed.at.tolist() == np.delete(at, 7).tolist()
    assert summed.values == pytest.approx(np.delete(expected, 7))


def test_another_name_of_the_same_image_is_the_same_container() -> None:
    at = stamps(0, 3000)
    parts: Mapping[str, list[Series]] = {
        MEMORY: [
            told(MEMORY, at[:50], at[:50] + 1, image="code:1"),
            told(MEMORY, at[50:], at[50:] + 1, image="sha256:1"),
            told(MEMORY, at, at + 1, container="POD", id="/2"),
        ]
    }
    ((place, (found,)),) = containers_by_place(parts, ()).items()
    assert place == place_of({"pod": "code-0", "container": "c"})
    assert found.container.readings["working_set_bytes"].at.tolist() == at.tolist()


def test_each_life_has_a_name_of_its_own() -> None:
    lives = [Instance(name, began, np.inf, {}) for name, began in (("a", 3.0), ("a", 1.0), ("b", 2.0))]
    assert [(one.name, one.began) for one in in_order(lives)] == [("a", 1.0), ("b", 2.0), ("a (2)", 3.0)]

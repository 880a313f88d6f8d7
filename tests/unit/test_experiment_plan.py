import math

import pytest

from harness.experiment.plan import (
    LEAST_SPREAD,
    BurstQueue,
    StartSpread,
    has_settled,
    hold_seconds,
    plan_bursts,
)


def test_every_level_comes_once_in_each_repeat() -> None:
    planned = plan_bursts({1: 5, 2: 5, 4: 5}, seed=3, first_order=2)
    assert [burst.order for burst in planned] == list(range(2, 17))
    for repeat in range(5):
        assert sorted(b.level for b in planned if b.repeat == repeat) == [1, 2, 4]


def test_order_is_random_but_repeatable() -> None:
    counts = dict.fromkeys((1, 2, 4, 6), 3)
    orders = {tuple(b.level for b in plan_bursts(counts, seed, 0)) for seed in range(10)}
    assert len(orders) > 5
    assert plan_bursts(counts, 7, 0) == plan_bursts(counts, 7, 0)


def test_levels_with_fewer_bursts_are_anywhere_in_the_plan() -> None:
    counts = {1: 4, 3: 1, 5: 3}
    plans = [plan_bursts(counts, seed, 0) for seed in range(40)]
    for planned in plans:
        assert [burst.order for burst in planned] == list(range(8))
        repeats = {level: [b.repeat for b in planned if b.level == level] for level in counts}
        assert repeats == {1: [0, 1, 2, 3], 3: [0], 5: [0, 1, 2]}
    assert {next(b.order for b in planned if b.level == 3) for planned in plans} == set(range(8))


def test_hold_outlasts_the_launching_of_the_whole_burst() -> None:
    for level in (1, 2, 6, 20):
        assert hold_seconds(level, 0.8, 1.5, 0.0) >= 1.5 + (level - 1) * 0.8
    assert hold_seconds(1, 0.8, 1.5, 10.0) == pytest.approx(11.5)


@pytest.mark.parametrize(
    ("spans", "settled"),
    [([], False), ([3.0], False), ([3.0, 1.5], False), ([3.0, 1.5, 1.4], True), ([1.0, 1.3], False)],
)
def test_settled_means_the_last_two_agree(spans: list[float], settled: bool) -> None:
    assert has_settled(spans, tolerance=0.2) is settled


def test_a_disturbed_burst_comes_again_at_the_end_under_its_own_number() -> None:
    queue = BurstQueue(plan_bursts({1: 2, 2: 2}, seed=1, first_order=3))
    first = queue.take()
    assert first.order == 3
    assert queue.again(first)
    orders = [burst.order for burst in queue.left]
    assert orders == [4, 5, 6, 7]
    again = queue.left[-1]
    assert (again.level, again.repeat, again.phase) == (first.level, first.repeat, "measure")


def test_a_machine_that_disturbs_everything_is_given_up() -> None:
    planned = plan_bursts(dict.fromkeys((1, 2, 3, 4), 3), seed=1, first_order=0)
    queue = BurstQueue(planned)
    taken = refused = 0
    while queue.left:
        burst = queue.take()
        taken += 1
        refused += not queue.again(burst)
    assert taken == len(planned) + 6
    assert refused == len(planned)


def test_without_anything_known_a_hold_outlasts_all_launches() -> None:
    spread = StartSpread(workers=8)
    assert hold_seconds(5, 1.0, 1.0, 0.0, spread.allowed(5)) == hold_seconds(5, 1.0, 1.0, 0.0) == 5.0


def test_a_hold_is_shortened_by_what_its_level_or_a_higher_one_has_shown() -> None:
    spread = StartSpread(workers=8)
    spread.seen(5, 2.0, launch_seconds=1.0)  # half of the four launches that the last run may wait for
    assert spread.allowed(5) == spread.allowed(3) == pytest.approx(1.5 * 0.5)
    assert hold_seconds(5, 1.0, 1.0, 0.0, spread.allowed(5)) == pytest.approx(1.0 + 1.5 * 2.0)
    assert hold_seconds(5, 2.0, 1.0, 0.0, spread.allowed(5)) == pytest.approx(
        1.0 + 1.5 * 4.0
    )  # a slower machine
    spread.seen(5, 0.1, launch_seconds=1.0)
    assert spread.allowed(5) == pytest.approx(1.5 * 0.5)  # the widest counts
    spread.seen(3, 1.2, launch_seconds=1.0)
    assert spread.allowed(3) == pytest.approx(1.5 * 0.6)


def test_runs_are_always_allowed_to_start_somewhat_apart_and_never_more_than_by_all_launches() -> None:
    spread = StartSpread(workers=8)
    spread.seen(5, 0.1, launch_seconds=1.0)
    assert spread.allowed(5) == LEAST_SPREAD
    spread.seen(5, 3.9, launch_seconds=1.0)
    assert spread.allowed(5) == 1.0


def test_smaller_bursts_tell_something_of_larger_ones_with_a_wider_margin() -> None:
    spread = StartSpread(workers=8)
    spread.seen(2, 0.25, launch_seconds=1.0)
    assert spread.allowed(5) == pytest.approx(2.0 * 0.25)
    assert spread.allowed(6) == 1.0  # three times as large
    spread.seen(5, 1.4, launch_seconds=1.0)
    assert spread.allowed(5) == pytest.approx(1.5 * 0.35)


def test_smaller_bursts_tell_nothing_where_launches_have_to_wait_for_a_worker() -> None:
    spread = StartSpread(workers=4)
    spread.seen(4, 0.25, launch_seconds=1.0)
    assert spread.allowed(4) < 1.0
    assert spread.allowed(5) == 1.0


def test_a_burst_whose_runs_did_not_all_overlap_brings_the_whole_hold_back() -> None:
    spread = StartSpread(workers=8)
    spread.seen(5, 0.2, launch_seconds=1.0)
    spread.seen(5, math.inf, launch_seconds=1.0)
    assert hold_seconds(5, 1.0, 1.0, 0.0, spread.allowed(5)) == 5.0

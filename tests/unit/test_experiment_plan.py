import pytest

from harness.experiment.plan import LaunchCost, has_settled, hold_seconds, plan_bursts


def test_every_level_comes_once_in_each_repeat() -> None:
    planned = plan_bursts((1, 2, 4), repeats=5, seed=3, first_order=2)
    assert [burst.order for burst in planned] == list(range(2, 17))
    for repeat in range(5):
        assert sorted(b.level for b in planned if b.repeat == repeat) == [1, 2, 4]


def test_order_is_random_but_repeatable() -> None:
    orders = {tuple(b.level for b in plan_bursts((1, 2, 4, 6), 3, seed, 0)) for seed in range(10)}
    assert len(orders) > 5
    assert plan_bursts((1, 2, 4, 6), 3, 7, 0) == plan_bursts((1, 2, 4, 6), 3, 7, 0)


COST = LaunchCost(seconds_per_run=0.8, gap_seconds=0.3)


def test_hold_outlasts_the_launching_of_the_whole_burst() -> None:
    for level in (1, 2, 6):
        assert hold_seconds(level, 8, COST, 1.5, 0.0) >= 1.5 + (level - 1) * 0.3
    # launches beyond the workers wait for a whole launch each
    assert hold_seconds(20, 8, COST, 1.5, 0.0) >= 1.5 + 7 * 0.3 + 12 * 0.8
    assert hold_seconds(1, 8, COST, 1.5, 10.0) == pytest.approx(11.5)


def test_bursts_correct_the_launch_cost() -> None:
    assert COST.corrected(1.2, 0.5) == LaunchCost(pytest.approx(1.0), 0.5)
    assert COST.corrected(0.8, 0.1).gap_seconds == 0.3
    assert COST.corrected(0.8, 9.0).gap_seconds == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("spans", "settled"),
    [([], False), ([3.0], False), ([3.0, 1.5], False), ([3.0, 1.5, 1.4], True), ([1.0, 1.3], False)],
)
def test_settled_means_the_last_two_agree(spans: list[float], settled: bool) -> None:
    assert has_settled(spans, tolerance=0.2) is settled

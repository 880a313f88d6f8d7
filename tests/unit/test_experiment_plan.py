import pytest

from harness.experiment.plan import has_settled, hold_seconds, plan_bursts


def test_every_level_comes_once_in_each_repeat() -> None:
    planned = plan_bursts((1, 2, 4), repeats=5, seed=3, first_order=2)
    assert [burst.order for burst in planned] == list(range(2, 17))
    for repeat in range(5):
        assert sorted(b.level for b in planned if b.repeat == repeat) == [1, 2, 4]


def test_order_is_random_but_repeatable() -> None:
    orders = {tuple(b.level for b in plan_bursts((1, 2, 4, 6), 3, seed, 0)) for seed in range(10)}
    assert len(orders) > 5
    assert plan_bursts((1, 2, 4, 6), 3, 7, 0) == plan_bursts((1, 2, 4, 6), 3, 7, 0)


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

"""Which levels bursts get, and whether intervals stay honest when they decide how many there are."""

import numpy as np
import pytest

from harness.model.intervals import CHOSEN_CONFIDENCE, Estimate, Line, NotEstimable, estimate_line
from harness.model.next_level import ONE_IN, next_level, optimal_levels, relative_width
from harness.scenario.model import FEWEST_FOR_WIDTH

SECONDS = {1: 4.0, 3: 6.0, 5: 8.0}
BASE, SLOPE, ASKED = 110.0, 97.5, 0.03


def fired(bursts: int) -> list[int]:
    levels = [3, 1, 5]
    while len(levels) < bursts:
        levels.append(next_level(SECONDS, levels))
    return levels


def test_the_ends_get_most_bursts_and_the_cheaper_end_more_of_them() -> None:
    levels = fired(40)
    assert levels.count(3) == 40 // ONE_IN
    assert levels.count(1) > levels.count(5) > 10


def test_the_level_between_that_has_fewest_bursts_is_next_when_one_is_due() -> None:
    seconds = {1: 4.0, 2: 5.0, 4: 7.0, 6: 9.0}
    assert next_level(seconds, [1, 2, 4, 6, 2, 1, 6]) in (1, 6)
    assert next_level(seconds, [1, 2, 6, *[1, 6] * 6, 2]) in (1, 6)
    assert next_level(seconds, [1, 2, 6, *[1, 6] * 6]) == 4


def test_of_two_levels_both_go_on() -> None:
    levels = [2, 4]
    for _ in range(10):
        levels.append(next_level({2: 5.0, 4: 5.0}, levels))
    assert levels.count(2) == levels.count(4) == 6


@pytest.mark.parametrize("levels", [(1, 2, 4), (1, 2, 50), (1, 5, 10, 15, 20), tuple(range(1, 9))])
@pytest.mark.parametrize("repeats", [1, 2, 3, 5])
def test_fewer_bursts_are_a_line_wherever_as_many_at_each_level_are(
    levels: tuple[int, ...], repeats: int
) -> None:
    rng = np.random.default_rng(5)

    def fitted(planned: list[int]) -> bool:
        x = np.array(planned, dtype=float)
        return isinstance(estimate_line(x, BASE + SLOPE * x + rng.normal(0, 5.0, x.size), 1), Line)

    seconds = {level: 3.0 + 1.3 * level for level in levels}
    assert fitted(optimal_levels(seconds, repeats)) == fitted(sorted(levels) * repeats)


@pytest.mark.parametrize("levels", [(1, 3, 5), (1, 2, 4, 6), (1, 2, 4, 8, 12)])
@pytest.mark.parametrize("repeats", [3, 5, 8])
def test_fewer_bursts_at_the_ends_make_intervals_as_narrow(levels: tuple[int, ...], repeats: int) -> None:
    """Of the made bursts of many experiments, fitted as real ones are."""
    seconds = {level: 3.0 + 1.3 * level for level in levels}
    chosen, balanced = optimal_levels(seconds, repeats), sorted(levels) * repeats
    assert set(chosen) == set(levels)
    assert sum(seconds[one] for one in chosen) < 0.9 * sum(seconds[one] for one in balanced)
    rng = np.random.default_rng(3)

    def mean_width(planned: list[int]) -> float:
        x, widths = np.array(planned, dtype=float), []
        for seed in range(200):
            line = estimate_line(x, BASE + SLOPE * x + rng.normal(0, 5.0, x.size), seed)
            assert isinstance(line, Line)
            widths.append(line.slope.high - line.slope.low)
        return float(np.mean(widths))

    assert mean_width(chosen) < 1.05 * mean_width(balanced)


@pytest.mark.parametrize(("levels", "repeats"), [((4,), 3), ((1, 4), 3), ((1, 3, 5), 1), ((1, 3, 5), 2)])
def test_where_fewer_bursts_would_tell_less_each_level_has_as_many(
    levels: tuple[int, ...], repeats: int
) -> None:
    assert sorted(optimal_levels(dict.fromkeys(levels, 5.0), repeats)) == sorted(levels * repeats)


def test_a_width_is_a_share_of_the_value() -> None:
    assert relative_width(Estimate(100.0, 96.0, 104.0, 8)) == pytest.approx(0.04)
    assert relative_width(Estimate(-1.0, -2.0, 0.0, 8)) is None
    assert relative_width(NotEstimable("too few bursts", 3)) is None


def experiment(rng: np.random.Generator, noise: tuple[float, float], seed: int) -> tuple[Estimate, int]:
    """The slope when it is narrow enough for the first time, and how many bursts that took."""
    even, growing = noise

    def burst(level: int) -> float:
        return BASE + SLOPE * level + rng.normal(0, even + growing * level)

    levels = [int(level) for level in rng.permutation([1, 3, 5])]
    peaks = [burst(level) for level in levels]
    while True:
        if len(levels) >= FEWEST_FOR_WIDTH:
            x, y = np.array(levels, dtype=float), np.array(peaks)
            line = estimate_line(x, y, seed, confidence=CHOSEN_CONFIDENCE)
            assert isinstance(line, Line)
            width = relative_width(line.slope)
            if width is not None and width <= ASKED:
                return line.slope, len(levels)
        levels.append(next_level(SECONDS, levels))
        peaks.append(burst(levels[-1]))


@pytest.mark.parametrize(
    "noise",
    [
        (3.0, 0.0),
        pytest.param((6.0, 0.0), marks=pytest.mark.slow),
        pytest.param((9.0, 0.0), marks=pytest.mark.slow),
        pytest.param((3.0, 1.5), marks=pytest.mark.slow),
    ],
)
def test_intervals_that_decided_when_to_stop_still_hold_the_truth(noise: tuple[float, float]) -> None:
    """They are computed with a higher confidence, for 95 % and not fewer to do so."""
    rng = np.random.default_rng(7)
    experiments = 300
    found = [experiment(rng, noise, seed)[0] for seed in range(experiments)]
    held = sum(one.low <= SLOPE <= one.high for one in found)
    assert 0.94 <= held / experiments <= 0.99

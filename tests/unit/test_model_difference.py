"""The permutation test behind comparisons, held to account by simulation."""

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.model.definition import Points
from harness.model.difference import Design, Difference, difference
from harness.model.intervals import NotEstimable
from harness.model.linear import Array

one_machine = Design.of_one_machine
LEVELS = np.repeat(np.array([1.0, 3.0, 5.0]), 4)


def sample(
    rng: np.random.Generator,
    slope: float = 2.5,
    base: float = 1.0,
    noise: float = 0.1,
    drift: Array | float = 0.0,
) -> Points:
    """Bursts whose noise grows with their level."""
    errors = rng.normal(0, noise, len(LEVELS)) * np.sqrt(LEVELS)
    return Points("slope", LEVELS, base + slope * LEVELS + errors + drift)


def compared(a: Points, b: Points, strata: NDArray[np.int64] | None = None, seed: int = 1) -> Difference:
    numbers = LEVELS.astype(np.int64) if strata is None else strata
    found = difference(a, b, (one_machine(numbers), one_machine(numbers)), seed)
    assert isinstance(found, Difference)
    return found


def rate(slope: float, trials: int = 120, **more: float) -> float:
    """Share of simulated comparisons that are significant at 5 %."""
    rng = np.random.default_rng(7)
    hits = 0
    for trial in range(trials):
        hits += compared(sample(rng, **more), sample(rng, slope, **more), seed=trial).p_value < 0.05
    return hits / trials


def test_the_same_is_seldom_called_different() -> None:
    """5 % are expected of 120; 11 % would be three standard errors more."""
    assert rate(2.5) <= 0.11


def test_eight_percent_are_found_where_the_noise_is_small() -> None:
    assert rate(2.5 * 1.08, noise=0.05) >= 0.95


def test_fifteen_percent_are_found_at_four_percent_of_noise() -> None:
    assert rate(2.5 * 1.15, noise=0.1) >= 0.95


def test_a_drift_from_round_to_round_hides_nothing_if_rounds_are_strata() -> None:
    """Four rounds, each slower than the one before, of which every level has one burst in each sample."""
    rng = np.random.default_rng(3)
    rounds = np.tile(np.arange(4), 3)
    slower = np.asarray(3.0 * rounds, dtype=float)
    a, b = (sample(rng, slope, noise=0.02, drift=slower) for slope in (2.5, 2.5 * 1.08))
    strata = (1000 * rounds + LEVELS).astype(np.int64)
    assert compared(a, b, strata).p_value < 0.01
    assert compared(a, a, strata).p_value == 1.0


def test_a_difference_of_the_base_is_none_of_the_slope() -> None:
    rng = np.random.default_rng(5)
    a, b = sample(rng, base=1.0, noise=0.02), sample(rng, base=2.0, noise=0.02)
    assert compared(a, b).p_value > 0.05
    of_base = [Points("base", one.x, one.y) for one in (a, b)]
    found = compared(of_base[0], of_base[1])
    assert found.p_value < 0.01
    assert found.ratio.low < 2.0 < found.ratio.high


def test_means_are_compared_too() -> None:
    rng = np.random.default_rng(9)
    a, b = (Points("mean", LEVELS, rng.normal(mean, 0.05, len(LEVELS))) for mean in (1.0, 1.2))
    found = compared(a, b)
    assert found.p_value < 0.01
    assert found.ratio.value == pytest.approx(1.2, abs=0.08)


def test_what_lies_on_a_line_differs_or_does_not() -> None:
    five, six = (Points("slope", LEVELS, 2 + per_run * LEVELS) for per_run in (5.0, 6.0))
    assert compared(five, five).p_value == 1.0
    assert compared(five, six).p_value < 0.01
    assert compared(five, six).ratio.value == pytest.approx(1.2)


def test_without_a_level_in_common_there_is_nothing_to_exchange() -> None:
    rng = np.random.default_rng(2)
    a, b = sample(rng), sample(rng)
    numbers = LEVELS.astype(np.int64)
    found = difference(a, b, (one_machine(numbers), one_machine(numbers + 10)), 1)
    assert isinstance(found, NotEstimable)
    assert "no level" in found.reason
    few = Points("slope", LEVELS[:3], LEVELS[:3])
    assert isinstance(difference(few, b, (one_machine(numbers[:3]), one_machine(numbers)), 1), NotEstimable)


def test_a_ratio_to_nothing_is_none() -> None:
    nothing = Points("mean", LEVELS, np.zeros(len(LEVELS)))
    numbers = LEVELS.astype(np.int64)
    found = difference(nothing, nothing, (one_machine(numbers), one_machine(numbers)), 1)
    assert isinstance(found, NotEstimable)
    assert "not above zero" in found.reason


def test_a_constant_that_is_lost_in_its_noise_has_no_ratio() -> None:
    rng = np.random.default_rng(11)
    x = np.repeat(np.array([1.0, 3.0]), 2)
    alone = one_machine(x.astype(np.int64))
    steady, lost = (Points("base", x, 1e-6 + x + rng.normal(0, noise, 4)) for noise in (0.0, 5.0))
    for first, second in ((steady, lost), (lost, steady)):
        found = difference(first, second, (alone, alone), 1)
        assert isinstance(found, NotEstimable)

"""Where throughput stops to rise, on rates with known answers."""

import numpy as np
import pytest

from harness.model.intervals import NotEstimable
from harness.model.plateau import Plateau, find_plateau

NOISE = np.array([0.99, 1.0, 1.01, 1.0])


def found(**rates: float) -> Plateau | NotEstimable:
    """Of four bursts at each level (`of_4=2.0`: at four at once, two per second)."""
    by_level = {float(name.removeprefix("of_")): rate for name, rate in rates.items()}
    levels = np.repeat(list(by_level), len(NOISE))
    return find_plateau(levels, np.concatenate([rate * NOISE for rate in by_level.values()]))


def test_a_rate_that_stops_to_rise_has_a_plateau_from_where_it_does() -> None:
    plateau = found(of_1=0.5, of_2=0.9, of_4=1.2, of_8=1.21, of_12=1.19)
    assert isinstance(plateau, Plateau)
    assert (plateau.begins, plateau.ends) == (4, 12)
    assert plateau.rate.value == pytest.approx(1.2)
    assert plateau.rate.low < 1.2 < plateau.rate.high
    assert plateau.rate.n == 12


def test_a_rate_that_never_rose_is_all_plateau() -> None:
    plateau = found(of_1=1.0, of_4=1.0)
    assert isinstance(plateau, Plateau)
    assert (plateau.begins, plateau.ends) == (1, 4)


@pytest.mark.parametrize(
    ("rates", "why"),
    [
        ({"of_1": 0.5, "of_2": 0.9, "of_4": 1.4}, "it still rises, at 4 at once 1.56 "),
        ({"of_1": 0.5, "of_4": 1.2, "of_8": 0.8}, "it falls, at 8 at once 0.67 "),
        ({"of_4": 1.2, "of_5": 1.2}, "1.5 times another"),  # too near one another to tell
        ({"of_4": 1.2}, "1.5 times another"),
    ],
)
def test_where_there_is_none_it_says_why(rates: dict[str, float], why: str) -> None:
    none = found(**rates)
    assert isinstance(none, NotEstimable)
    assert why in none.reason


def test_few_or_noisy_bursts_leave_it_open() -> None:
    few = find_plateau(np.array([1.0, 1.0, 4.0, 4.0]), np.array([1.0, 1.0, 1.0, 1.0]))
    assert isinstance(few, NotEstimable)
    assert "too few bursts: 2" in few.reason
    noisy = find_plateau(np.repeat([1.0, 4.0], 3), np.array([0.5, 1.0, 1.5, 0.6, 1.0, 1.4]))
    assert isinstance(noisy, NotEstimable)
    assert "leave it open" in noisy.reason
    unknown = find_plateau(np.repeat([1.0, 4.0], 3), np.array([1.0, 1.0, np.nan, 1.0, 1.0, 1.0]))
    assert isinstance(unknown, NotEstimable)
    nothing = find_plateau(np.array([]), np.array([]))
    assert isinstance(nothing, NotEstimable)

"""The few ways in which measurements decide."""

import pytest

from harness.claims.base import UNBOUNDED, Bounds, Verdict
from harness.claims.rules import by_interval, unanimous
from harness.model.intervals import Estimate, NotEstimable

BOUNDS = Bounds(supports=(0.9, 1.1), refutes=((-UNBOUNDED, 0.8), (1.25, UNBOUNDED)))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.95, 1.05, "supported"),
        (0.9, 1.1, "supported"),
        (0.85, 1.05, "inconclusive"),
        (0.81, 0.89, "inconclusive"),
        (0.7, 0.8, "refuted"),
        (0.75, 0.85, "inconclusive"),
        (1.3, 1.5, "refuted"),
        (0.5, 2.0, "inconclusive"),
    ],
)
def test_only_a_whole_interval_decides(low: float, high: float, verdict: Verdict) -> None:
    assert by_interval(Estimate((low + high) / 2, low, high, 5), BOUNDS) == verdict


def test_no_figure_decides_nothing() -> None:
    assert by_interval(NotEstimable("too few", 1), BOUNDS) == "inconclusive"


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([True] * 3, "supported"),
        ([False] * 3, "refuted"),
        ([True, True, False], "inconclusive"),
        ([True, True, None], "inconclusive"),
        ([True] * 2, "inconclusive"),
        ([], "inconclusive"),
    ],
)
def test_bursts_must_agree_and_be_enough(outcomes: list[bool | None], verdict: Verdict) -> None:
    assert unanimous(outcomes) == verdict

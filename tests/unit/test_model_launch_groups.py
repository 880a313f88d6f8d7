"""Groups of launches that overlap, and what each further one of them costs."""

import numpy as np
import pytest

from harness.model.intervals import Estimate, NotEstimable
from harness.model.launch_groups import launch_groups, launch_seconds
from harness.model.linear import Array

CHANCE = np.random.default_rng(1)


def test_launches_within_a_second_are_one_burst() -> None:
    launched = np.array([0.0, 10.0, 0.8, 10.5, 50.0])
    began = np.array([2.0, 12.0, 4.0, 13.0, 51.0])
    sizes, spans = launch_groups(launched, began)
    assert sizes.tolist() == [2, 2, 1]
    assert spans.tolist() == [4, 3, 1]


def test_bursts_that_wait_for_one_another_are_left_out() -> None:
    launched = np.array([0.0, 3.0, 20.0, 30.0])
    began = np.array([5.0, 8.0, 22.0, 33.0])
    sizes, spans = launch_groups(launched, began)
    assert sizes.tolist() == [1, 1]
    assert spans.tolist() == [2, 3]


def test_each_further_run_of_a_group_is_recovered() -> None:
    launched, began = [], []
    for number, size in enumerate(CHANCE.integers(1, 9, 60)):
        at = 100.0 * number
        launched += [at] * int(size)
        began += [at + 1 + 0.8 * (place + 1) + CHANCE.normal(0, 0.05) for place in range(size)]
    found = launch_seconds(np.array(launched), np.array(began), seed=1)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.8, rel=0.02)
    assert found.low < 0.8 < found.high


def test_launches_that_never_overlap_tell_what_one_takes_alone() -> None:
    at = np.linspace(0.0, 1900.0, 20)
    began: Array = at + CHANCE.normal(2, 0.1, 20)
    found = launch_seconds(at, began, seed=1)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(2, abs=0.1)


def test_too_few_launches_say_nothing() -> None:
    assert isinstance(launch_seconds(np.array([1.0]), np.array([2.0]), 1), NotEstimable)
    assert isinstance(launch_seconds(np.array([]), np.array([]), 1), NotEstimable)

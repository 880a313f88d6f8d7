"""Planted leaks are recovered, and a server that only grows at first has none."""

import numpy as np
import pytest

from harness.model.intervals import Estimate, NotEstimable
from harness.model.leak import estimate_leak
from harness.model.leak_rule import LEAKS, is_leak

MIB = 2**20
EXPERIMENTS = 200
GROWTH, NOISE = 1.7 * MIB, 0.3 * MIB
"""As measured on servers that leak nothing."""


def experiment(rng: np.random.Generator, leak: float) -> Estimate:
    levels = np.concatenate([rng.permutation([1.0, 2, 4, 6]) for _ in range(3)])
    before = 4 + np.cumsum(levels) - levels
    noise = rng.normal(0, NOISE, len(levels))
    found = estimate_leak(before, 104 * MIB + GROWTH * np.log1p(before) + leak * before + noise)
    assert isinstance(found, Estimate)
    return found


@pytest.mark.parametrize("planted", [0.5, 6.0, 40.0])
def test_a_planted_leak_is_recovered(planted: float) -> None:
    rng = np.random.default_rng(1)
    found = [experiment(rng, planted * MIB) for _ in range(EXPERIMENTS)]
    near = [abs(one.value / MIB - planted) <= max(0.2, 0.1 * planted) for one in found]
    assert sum(near) >= 0.99 * EXPERIMENTS
    assert sum(is_leak(LEAKS[0], one.low) for one in found) >= 0.95 * EXPERIMENTS
    held = sum(one.low <= planted * MIB <= one.high for one in found)
    assert 0.90 * EXPERIMENTS <= held <= 0.99 * EXPERIMENTS


def test_of_twenty_clean_servers_nineteen_have_none() -> None:
    rng = np.random.default_rng(1)
    found = [experiment(rng, 0.0) for _ in range(EXPERIMENTS)]
    assert sum(is_leak(LEAKS[0], one.low) for one in found) <= EXPERIMENTS / 20
    assert np.median([one.high for one in found]) < 0.2 * MIB


def test_too_little_to_tell_is_said() -> None:
    few = estimate_leak(np.arange(5.0), np.arange(5.0))
    assert isinstance(few, NotEstimable)
    assert few.reason.startswith("too few bursts: 5")
    same = estimate_leak(np.array([3.0, 3, 3, 9, 9, 9]), np.arange(6.0))
    assert isinstance(same, NotEstimable)
    assert same.reason.startswith("too few runs between the bursts")

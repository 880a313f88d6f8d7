"""Comparisons of what was measured on several machines, held to account by simulation."""

import numpy as np
import pytest

from harness.model.definition import Part, Points
from harness.model.difference import Design, Difference, difference

LEVELS, ROUNDS = (1, 3, 5), 6
MACHINES = ("node1", "node2")
"""They take rounds in turns, and the second one adds a base and a cost per run of its own."""


def two_samples(
    rng: np.random.Generator, slope: float, part: Part = "slope", noise: float = 0.04
) -> tuple[Points, Points, Design]:
    """A burst of each level in each round, of a baseline whose runs cost 2.5, and of another."""
    x = np.tile(np.array(LEVELS, dtype=float), ROUNDS)
    rounds = np.repeat(np.arange(ROUNDS), len(LEVELS))
    second = rounds % 2 == 1
    design = Design((1000 * rounds + x).astype(np.int64), np.where(second, *reversed(MACHINES)))
    bursts = [
        np.where(second, 3.0 + 1.4 * of_one * x, 1.0 + of_one * x) + rng.normal(0, noise, len(x))
        for of_one in (2.5, slope)
    ]
    first, other = (Points(part, x, y) for y in bursts)
    return first, other, design


def compared(first: Points, other: Points, design: Design, seed: int = 1) -> Difference:
    found = difference(first, other, (design, design), seed, permutations=499)
    assert isinstance(found, Difference)
    return found


def test_eight_percent_are_found_though_one_machine_is_slower() -> None:
    """And how much more they cost is known, where without the machines' own effects next to nothing is."""
    rng = np.random.default_rng(3)
    found = 0
    for trial in range(40):
        first, other, design = two_samples(rng, 2.5 * 1.08)
        apart = compared(first, other, design, trial)
        found += apart.p_value < 0.05
        assert apart.ratio.value == pytest.approx(1.08, abs=0.03)
        assert apart.ratio.high - apart.ratio.low < 0.1
        lumped = compared(first, other, Design.of_one_machine(design.strata), trial).ratio
        assert lumped.high - lumped.low > 0.3
    assert found >= 38


@pytest.mark.parametrize("part", ["slope", "base"])
def test_the_same_on_two_machines_is_seldom_called_different(part: Part) -> None:
    """5 % are expected of 200; 10 % would be three standard errors more. The intervals hold 1 as often."""
    rng = np.random.default_rng(4)
    alarms = missed = 0
    for trial in range(200):
        found = compared(*two_samples(rng, 2.5, part, noise=0.2), trial)
        alarms += found.p_value < 0.05
        missed += not found.ratio.low <= 1 <= found.ratio.high
    assert alarms <= 20
    assert missed <= 20


def test_machines_that_measured_one_sample_only_are_no_blocks() -> None:
    """What cannot be told apart from the samples is not taken out of them."""
    rng = np.random.default_rng(5)
    first, other, design = two_samples(rng, 2.5 * 1.08)
    apart = [Design(design.strata, np.full(len(first.x), name)) for name in MACHINES]
    alone = Design.of_one_machine(design.strata)
    found = difference(first, other, (apart[0], apart[1]), 1)
    assert found == difference(first, other, (alone, alone), 1)


def test_counts_that_lie_on_a_line_but_for_one_are_compared_on_two_machines() -> None:
    x = np.array([5.0, 1.0, 3.0, 5.0, 3.0, 1.0])
    design = Design((x + np.repeat([0, 1000], 3)).astype(np.int64), np.repeat(MACHINES, 3))
    first = Points("slope", x, np.array([188.0, 51.0, 120.0, 188.0, 119.0, 51.0]))
    other = Points("slope", x, np.array([187.0, 51.0, 119.0, 187.0, 119.0, 51.0]))
    found = compared(first, other, design)
    assert 0.9 < found.ratio.low < found.ratio.value < found.ratio.high < 1.1

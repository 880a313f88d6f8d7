"""Corrections of p-values for their number, on known answers and by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.definition import Points
from harness.model.difference import Design, Difference, difference
from harness.model.linear import Array
from harness.model.many import holm, step_down_min_p


def test_holm_is_as_in_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_correction_never_makes_a_p_value_smaller_nor_changes_the_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, corrected, strict=True))
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    assert [corrected[i] for i in order] == sorted(corrected)


def p_of(statistics: Array) -> float:
    return float(np.mean(statistics >= statistics[0]))


def test_one_comparison_alone_and_many_that_are_one_keep_their_p() -> None:
    rng = np.random.default_rng(1)
    statistics = np.abs(rng.normal(0, 1, 2000))
    statistics[0] = 2.5
    alone = step_down_min_p([statistics])
    assert alone == [p_of(statistics)]
    # ten constants that rise and fall together, in units of their own, are one comparison
    assert step_down_min_p([statistics * unit for unit in range(1, 11)]) == alone * 10
    assert holm([alone[0]] * 10)[0] == pytest.approx(10 * alone[0])
    assert step_down_min_p([]) == []


def test_comparisons_that_know_nothing_of_each_other_count_each() -> None:
    rng = np.random.default_rng(2)
    statistics = np.abs(rng.normal(0, 1, (8, 20_000)))
    statistics[:, 0] = np.linspace(2.0, 3.4, 8)
    corrected = step_down_min_p(list(statistics))
    raw = [p_of(one) for one in statistics]
    # Sidak's, step down: none of those left has so small a p
    for rank, index in enumerate(np.argsort(raw)):
        expected = max(1 - (1 - raw[i]) ** (8 - r) for r, i in enumerate(np.argsort(raw)[: rank + 1]))
        assert corrected[index] == pytest.approx(expected, rel=0.15)
    assert all(p <= q for p, q in zip(raw, corrected, strict=True))


def test_among_many_constants_without_a_difference_seldom_any_is_called_different() -> None:
    """5 % of 200 matrices are expected to have a false alarm; 10 % would be three standard errors more."""
    rng = np.random.default_rng(3)
    alarms = 0
    for trial in range(200):
        shared = rng.normal(0, 0.05, (2, 15))
        found = []
        for _ in range(6):
            samples = [Points("mean", np.ones(15), np.exp(one + rng.normal(0, 0.03, 15))) for one in shared]
            design = Design.of_one_machine(np.repeat(np.arange(5), 3))
            apart = difference(samples[0], samples[1], (design, design), trial, permutations=299)
            assert isinstance(apart, Difference)
            found.append(apart.statistics)
        alarms += min(step_down_min_p(found)) < 0.05
    assert alarms <= 20

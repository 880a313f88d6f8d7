"""How many rounds a matrix takes until its comparisons are decided. Pure."""

from __future__ import annotations

import math

from harness.model.more_bursts import times_to_decide
from harness.results.comparison_document import ComparisonDocument


def rounds_to_decide(comparison: ComparisonDocument, most: int) -> list[int]:
    """Rounds in all that each comparison that is open would take, rising; those that take more are left out.

    Args:
        comparison: of a matrix.
        most: rounds that anybody would measure.
    """
    rounds, tested = len(comparison.baseline.results), len(comparison.differences)
    times = (times_to_decide(*one, tested) for one in comparison.open_ratios)
    # One that is open though so many should do takes one more at least.
    wanted = (max(rounds + 1, math.ceil(one * rounds)) for one in times if one * rounds <= most)
    return sorted(one for one in wanted if one <= most)


def next_rounds(comparison: ComparisonDocument, most: int) -> int:
    """Rounds in all to measure next: for half of what can be decided at all, but no more than twice as many.

    As many as there are where more would decide nothing.
    """
    rounds = len(comparison.baseline.results)
    wanted = rounds_to_decide(comparison, most)
    return min(wanted[len(wanted) // 2], 2 * rounds) if wanted else rounds

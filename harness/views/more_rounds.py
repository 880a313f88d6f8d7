"""How many comparisons that are open more rounds would decide. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.more_bursts import times_to_decide
from harness.results.comparison_document import ComparisonDocument

TIMES = (2, 4, 8)
"""The rounds that were measured."""


@dataclass(frozen=True)
class MoreRounds:
    """A plan, for ratios that stay as they are."""

    open: int
    decided_by: tuple[tuple[int, int], ...]
    """Numbers of rounds, and how many would be decided by then."""
    later: int
    """How many take more than that, as they are near their thresholds."""


def more_rounds(comparison: ComparisonDocument) -> MoreRounds | None:
    """What more rounds would decide; None where nothing is open, or there are no rounds."""
    rounds, tested = len(comparison.baseline.results), len(comparison.differences)
    times = [times_to_decide(*one, tested) for one in comparison.open_ratios]
    if not times or comparison.observed or rounds < 2:
        return None
    decided = tuple((factor * rounds, sum(one <= factor for one in times)) for factor in TIMES)
    return MoreRounds(comparison.count("inconclusive"), decided, sum(one > TIMES[-1] for one in times))

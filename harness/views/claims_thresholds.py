"""The thresholds of a claim's rule, for its picture: read from its words where it judges an interval. Pure.

Rules are written in few ways (`harness/claims`); what is not written in one of them has no thresholds here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from harness.results.claims import NumberRecord

THRESHOLDS = ["verdict", "threshold", "told"]
"""Columns of `thresholds_of`."""
_ABOUT = "95 % interval"
_NUMBER = r"(\d+(?:\.\d+)?)"
_BARE = rf"{_NUMBER}(?=,|;|\.$|\. |$| or above)"
"""A number without a unit."""
_WAYS = (
    (rf"lies within {_NUMBER} to {_BARE}", ("from {}", "up to {}")),
    (rf"ends at or below {_BARE}", ("up to {}",)),
    (rf"begins at or above {_BARE}", ("from {}",)),
    (rf"wholly below {_BARE} or above {_BARE}", ("below {}", "above {}")),
    (rf"wholly above {_BARE}", ("above {}",)),
    (rf"wholly below {_BARE}(?! or above)", ("below {}",)),
)


def thresholds_of(rule: str) -> pd.DataFrame:
    """A row for each threshold, with the columns `THRESHOLDS`; none where the rule is of another kind.

    `told` says on which side of it the interval has to lie for the verdict.
    """
    rows = []
    asked, _, other = rule.partition("refuted")
    if _ABOUT in asked:
        for verdict, words in (("supported", asked), ("refuted", other)):
            for way, told in _WAYS:
                if found := re.search(way, words):
                    rows += [
                        (verdict, float(value), how.format(value))
                        for value, how in zip(found.groups(), told, strict=True)
                    ]
    return pd.DataFrame(rows, columns=THRESHOLDS)


def unit_decided(numbers: Sequence[NumberRecord]) -> str | None:
    """The unit of what such a rule judges: a ratio where there is any, or else the first interval."""
    units = [one.unit for one in numbers if one.low is not None]
    return "" if "" in units else next(iter(units), None)

"""The thresholds of a claim's rule where it judges an interval, for its picture. Pure.

Files of schema version 1 tell them in the rule's words only. These are written in few ways; what is written
in none of them has no thresholds here.
"""

from __future__ import annotations

import re

import pandas as pd

from harness.results.claims_document import ClaimRecord
from harness.views.units import in_shown_unit

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


def thresholds_of(claim: ClaimRecord) -> pd.DataFrame:
    """A row for each threshold, in the shown unit, with the columns `THRESHOLDS`; none for other rules.

    `told` says on which side of it the interval has to lie for the verdict.
    """
    if not claim.thresholds:
        return thresholds_in_words(claim.rule)
    rows = [
        (one.verdict, value, f"{told} {value:.4g}")
        for one in claim.thresholds
        for end, told in ((one.low, "from"), (one.high, "up to"))
        if end is not None
        for value in [end / in_shown_unit(one.unit)[0]]
    ]
    return pd.DataFrame(rows, columns=THRESHOLDS)


def thresholds_in_words(rule: str) -> pd.DataFrame:
    """The same, read from what a rule says."""
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


def unit_decided(claim: ClaimRecord) -> str | None:
    """The unit of what such a rule judges; if not told, a ratio's or else the first interval's."""
    if claim.thresholds:
        return claim.thresholds[0].unit
    units = [one.unit for one in claim.numbers if one.low is not None]
    return "" if "" in units else next(iter(units), None)

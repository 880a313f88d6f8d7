"""The thresholds of a claim's rule where it judges an interval, for its picture. Pure."""

from __future__ import annotations

import pandas as pd

from harness.results.claims_document import ClaimRecord
from harness.views.units import in_shown_unit

THRESHOLDS = ["verdict", "threshold", "told"]
"""Columns of `thresholds_of`."""


def thresholds_of(claim: ClaimRecord) -> pd.DataFrame:
    """A row for each threshold, in the shown unit, with the columns `THRESHOLDS`; none for other rules.

    `told` says on which side of it the interval has to lie for the verdict.
    """
    rows = [
        (one.verdict, value, f"{told} {value:.4g}")
        for one in claim.thresholds
        for end, told in ((one.low, "from"), (one.high, "up to"))
        if end is not None
        for value in [end / in_shown_unit(one.unit)[0]]
    ]
    return pd.DataFrame(rows, columns=THRESHOLDS)


def unit_decided(claim: ClaimRecord) -> str | None:
    """The unit of what such a rule judges; if not told, a ratio's or else the first interval's."""
    if claim.thresholds:
        return claim.thresholds[0].unit
    units = [one.unit for one in claim.numbers if one.low is not None]
    return "" if "" in units else next(iter(units), None)

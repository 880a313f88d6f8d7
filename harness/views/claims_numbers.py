"""The figures behind a verdict, grouped by what can be shown on one axis, for pictures. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.results.claims_document import ClaimRecord, NumberRecord
from harness.views.units import in_shown_unit

FIGURES = ["figure", "value", "low", "high", "n", "source"]
"""Columns of `figures_of`."""
VERDICTS = ["stack", "verdict", "claims"]
"""Columns of `verdicts_of`."""
NOT_RUN = "not run"


def by_unit(numbers: Sequence[NumberRecord]) -> dict[str, list[NumberRecord]]:
    """Figures of one unit together; in the order in which the units come."""
    found: dict[str, list[NumberRecord]] = {}
    for one in numbers:
        found.setdefault(one.unit, []).append(one)
    return found


def figures_of(numbers: Sequence[NumberRecord]) -> pd.DataFrame:
    """A row for each figure, in the shown unit, with the columns `FIGURES`."""
    rows = []
    for one in numbers:
        divisor, _ = in_shown_unit(one.unit)
        ends = [None if end is None else end / divisor for end in (one.low, one.high)]
        rows.append((one.name, one.value / divisor, *ends, one.n, one.source))
    return pd.DataFrame(rows, columns=FIGURES).astype({"low": float, "high": float})


def verdicts_of(claims: Sequence[ClaimRecord]) -> pd.DataFrame:
    """How many claims got each verdict on each stack, with the columns `VERDICTS`."""
    frame = pd.DataFrame([(one.stack or NOT_RUN, one.verdict) for one in claims], columns=VERDICTS[:2])
    return frame.groupby(VERDICTS[:2]).size().rename("claims").reset_index()

"""The terms of a size at each of its bounds, side by side, for a picture. Pure."""

from __future__ import annotations

import pandas as pd

from harness.results.sizing_document import QuantityRecord
from harness.views.units import in_shown_unit

TERMS = ["bound", "order", "term", "count", "cost", "amount", "runs", "total"]
"""Columns of `terms_of`."""


def terms_of(quantity: QuantityRecord) -> pd.DataFrame:
    """A row for each term of each bound, with the columns `TERMS`.

    `cost`, `amount` = count × cost, and `total` of the bound are in the shown unit; `order` counts the terms
    of a bound from 0.
    """
    divisor, _ = in_shown_unit(quantity.unit)
    rows = [
        {
            "bound": need.bound,
            "order": order,
            "term": term.name,
            "count": term.count,
            "cost": term.cost / divisor,
            "amount": term.count * term.cost / divisor,
            "runs": need.runs,
            "total": need.total / divisor,
        }
        for need in quantity.needs
        for order, term in enumerate(need.terms)
    ]
    return pd.DataFrame(rows, columns=TERMS)

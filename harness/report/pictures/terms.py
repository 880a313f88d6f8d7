"""The sum behind a size: its terms as a stacked bar for each bound."""

from __future__ import annotations

import altair as alt
import pandas as pd

from harness.report.pictures.picture import Picture, rounded
from harness.report.text import quantity
from harness.results.sizing_document import QuantityRecord
from harness.views.compared_terms import terms_of
from harness.views.units import in_shown_unit

STEP = 46
_TITLES = {"memory": "memory", "cpu": "CPU"}


def terms_picture(quantity_record: QuantityRecord) -> Picture:
    """Memory or CPU at its three bounds, term by term."""
    one = quantity_record
    frame = terms_of(one)
    _, unit = in_shown_unit(one.unit)
    name = _TITLES.get(one.name, one.name)
    told = [
        f"{need.bound}: {quantity(need.total, one.unit)} for {need.runs} runs at once, of which "
        + ", ".join(
            f"{row['term']} {quantity(row['amount'], unit)}"
            for row in frame[frame["bound"] == need.bound].to_dict("records")
        )
        for need in one.needs
    ]
    return Picture(
        name=f"terms-{one.name.replace('_', '-')}",
        title=f"What {name} is for, by bound",
        text="; ".join(told) + ".",
        source=f"sizing.json: quantities, {one.name}: count × cost of each term ({len(frame)} terms)",
        chart=_chart(rounded(frame), f"{name} ({unit})", unit),
    )


def _chart(frame: pd.DataFrame, title: str, unit: str) -> alt.TopLevelMixin:
    bounds, terms = (list(dict.fromkeys(frame[column])) for column in ("bound", "term"))
    y = alt.Y("bound:N", sort=bounds, title=None)
    bars = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("amount:Q", title=title, stack="zero", axis=alt.Axis(tickCount=8)),
            y=y,
            color=alt.Color("term:N", sort=terms, legend=alt.Legend(title=None, columns=2)),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("bound:N"),
                alt.Tooltip("term:N"),
                alt.Tooltip("count:Q", format=",.4~r"),
                alt.Tooltip("cost:Q", title=f"cost of one ({unit})", format=",.4~r"),
                alt.Tooltip("amount:Q", title=title, format=",.4~r"),
                alt.Tooltip("runs:Q", title="runs at once"),
            ],
        )
    )
    ends = (
        alt.Chart(frame)
        .transform_filter(alt.datum.order == 0)
        .mark_text(align="left", dx=5)
        .encode(x=alt.X("total:Q", title=title), y=y, text=alt.Text("total:Q", format=",.4~r"))
    )
    return alt.layer(bars, ends).properties(width="container", height=len(bounds) * STEP)

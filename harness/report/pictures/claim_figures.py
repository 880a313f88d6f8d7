"""The figures behind a verdict, as dots with their intervals; those of one unit on one axis."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from harness.report.claims_text import COUNTED, interval, value
from harness.report.pictures.picture import Picture, rounded, slug
from harness.report.pictures.theme import BLUE, GREEN, GREY, ORANGE, RED
from harness.results.claims_document import ClaimRecord, ClaimsDocument, NumberRecord
from harness.views.claims_numbers import by_unit, figures_of, verdicts_of
from harness.views.claims_thresholds import thresholds_of, unit_decided
from harness.views.units import in_shown_unit

STEP = 42
_VERDICTS = {"supported": GREEN, "refuted": RED, "inconclusive": ORANGE, "not-testable-here": GREY}
_NAMES = {"": "ratio or share", "MiB": "memory (MiB)", "s": "time (s)", "cores": "CPU (cores)"}


def claim_pictures(claim: ClaimRecord, number: int) -> tuple[Picture, ...]:
    """A picture for each unit of a claim's figures, that which the rule is about first; none without figures.

    Args:
        claim: with its figures.
        number: of the claim on the page; tells names apart that are spelled nearly alike.
    """
    decided, thresholds = unit_decided(claim), thresholds_of(claim)
    groups = sorted(by_unit(claim.numbers).items(), key=lambda pair: pair[0] != decided)
    none = thresholds.head(0)
    return tuple(
        _picture(
            claim, f"claim-{number}-{slug(unit)}", unit, numbers, thresholds if unit == decided else none
        )
        for unit, numbers in groups
    )


def verdict_picture(claims: ClaimsDocument) -> Picture:
    """How many claims got each verdict, by what their experiments ran on."""
    frame = verdicts_of(claims.claims)
    told = [f"{row.stack}: {row.claims} {row.verdict}" for row in frame.itertuples(index=False)]
    colour = alt.Color(
        "verdict:N",
        scale=alt.Scale(domain=list(_VERDICTS), range=list(_VERDICTS.values())),
        legend=alt.Legend(title=None, columns=2),
    )
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("claims:Q", title="claims", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("stack:N", title="stack"),
            color=colour,
            tooltip=[alt.Tooltip("stack:N"), alt.Tooltip("verdict:N"), alt.Tooltip("claims:Q")],
        )
    )
    return Picture(
        name="verdicts",
        title="Verdicts by what the experiments ran on",
        text="; ".join(told) + ".",
        source=f"claims.json: stack and verdict of {len(claims.claims)} claims",
        chart=chart.properties(width="container", height=frame["stack"].nunique() * 34),
    )


def _picture(
    claim: ClaimRecord, name: str, unit: str, numbers: Sequence[NumberRecord], thresholds: pd.DataFrame
) -> Picture:
    told = [f"{one.name}: {value(one)}" + _spread(one) for one in numbers]
    ruled = [
        f"{verdict} {words}" for verdict, words in zip(thresholds["verdict"], thresholds["told"], strict=True)
    ]
    sources = dict.fromkeys(one.source for one in numbers)
    return Picture(
        name=name,
        title=f"{claim.id}: {_axis(unit)}",
        text="; ".join(told) + "." + (f" Thresholds of the rule: {', '.join(ruled)}." if ruled else ""),
        source=f"claims.json: numbers ({_figures(len(numbers))}), computed from {'; '.join(sources)}",
        chart=_chart(rounded(figures_of(numbers)), thresholds, unit),
    )


def _spread(one: NumberRecord) -> str:
    found = interval(one)
    return f" (n = {one.n})" if found == "-" else f" ({found}, n = {one.n})"


def _figures(count: int) -> str:
    return f"{count} figure" if count == 1 else f"{count} figures"


def _axis(unit: str) -> str:
    _, shown = in_shown_unit(unit)
    return _NAMES.get(shown, shown)


def _chart(frame: pd.DataFrame, thresholds: pd.DataFrame, unit: str) -> alt.TopLevelMixin:
    """The figures' names are written above their dots, so that narrow screens have room for both."""
    whole = unit in COUNTED
    scale = alt.Scale(zero=True) if thresholds.empty else alt.Scale(zero=False, padding=14)
    axis = alt.Axis(format=",d" if whole else ",.3~r", tickMinStep=1) if whole else alt.Axis(format=",.3~r")

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", title=_axis(unit), scale=scale, axis=axis)

    base = alt.Chart(frame).encode(y=alt.Y("figure:N", sort=list(frame["figure"]), title=None, axis=None))
    tooltip = [
        alt.Tooltip("figure:N"),
        alt.Tooltip("value:Q", title=_axis(unit), format=",.4~r"),
        alt.Tooltip("low:Q", title="95 % interval from", format=",.4~r"),
        alt.Tooltip("high:Q", title="to", format=",.4~r"),
        alt.Tooltip("n:Q"),
        alt.Tooltip("source:N", title="from"),
    ]
    spread = base.mark_rule(strokeWidth=2.5, color=BLUE).encode(x=x("low"), x2=alt.X2("high:Q"))
    dots = base.mark_point(filled=True, size=90, opacity=1, color=BLUE).encode(x=x("value"), tooltip=tooltip)
    names = base.mark_text(align="left", dy=-15, fontSize=12, limit=520).encode(
        x=alt.value(0), text=alt.Text("figure:N")
    )
    layers = [spread] if frame["low"].notna().any() else []
    layers += [dots, names]
    if len(thresholds):
        layers.insert(0, _rules(thresholds, x("threshold")))
    return alt.layer(*layers).properties(width="container", height=len(frame) * STEP)


def _rules(thresholds: pd.DataFrame, x: alt.X) -> alt.Chart:
    verdicts = ["supported", "refuted"]
    legend = alt.Legend(title="thresholds of the rule", symbolType="stroke")
    rules: alt.Chart = (
        alt.Chart(thresholds)
        .mark_rule(strokeWidth=2)
        .encode(
            x=x,
            color=alt.Color("verdict:N", scale=alt.Scale(domain=verdicts, range=[GREEN, RED]), legend=legend),
            strokeDash=alt.StrokeDash(
                "verdict:N", scale=alt.Scale(domain=verdicts, range=[[1, 0], [6, 4]]), legend=legend
            ),
            tooltip=[alt.Tooltip("verdict:N"), alt.Tooltip("told:N", title="if the interval lies")],
        )
    )
    return rules

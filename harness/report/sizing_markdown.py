"""A size as Markdown, for pull requests and tickets: the same words and sums as on the terminal."""

from __future__ import annotations

from harness.report.markdown import markdown_table
from harness.report.sizing_text import (
    NEEDS,
    OFFERS,
    PEAKS,
    RULES,
    START,
    TITLES,
    demanded,
    needs,
    notes,
    offer,
    peaks,
    shapes_table,
)
from harness.results.sizing_document import SizingDocument


def render_sizing_markdown(sizing: SizingDocument) -> str:
    """The whole size as one Markdown page."""
    replicas = sizing.replicas.replicas
    of_each = "" if replicas == 1 else f", each of {replicas} replicas"
    lines = [f"# Size from {sizing.result}{' (forced)' if sizing.forced else ''}", ""]
    lines += [f"- {warning}" for warning in sizing.warnings]
    lines += [f"- {demanded(kind)}" for kind in sizing.kinds]
    lines += [f"- rests on {sizing.rests_on}"] if sizing.rests_on else []
    lines += ["", f"## Smallest size that meets the target{of_each}", ""]
    lines += markdown_table(shapes_table(sizing))
    lines += ["", "## Runs at once", "", *markdown_table((PEAKS, tuple(peaks(sizing))))]
    for one in sizing.quantities:
        lines += ["", f"## {TITLES[one.name]}", "", *markdown_table((NEEDS, tuple(needs(one))))]
    lines += ["", START.format(sizing.start_within_seconds), *(f"- {note}" for note in notes(sizing))]
    number = "one server" if replicas == 1 else f"{replicas} replicas"
    rules = tuple((rule.name, rule.favours, rule.why) for rule in sizing.replicas.rules)
    lines += ["", f"## One server or replicas: {number}", "", *markdown_table((RULES, rules))]
    lines += ["", sizing.replicas.why]
    if sizing.prices is not None:
        offers = tuple(offer(one, sizing.prices.currency) for one in sizing.prices.offers)
        title = f"## Cost per month of {sizing.prices.hours_per_month:g} hours, by {sizing.prices.file}"
        lines += ["", title, "", *markdown_table((OFFERS, offers))]
    return "\n".join(lines) + "\n"

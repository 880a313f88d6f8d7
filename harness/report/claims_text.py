"""Verdicts on the guide's claims, on the terminal and as Markdown."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from harness.report import text
from harness.report.markdown import markdown_table
from harness.report.table import print_table
from harness.results.claims_document import ClaimRecord, ClaimsDocument, NumberRecord

_COLOURS = {"supported": "green", "refuted": "red", "inconclusive": "yellow", "not-testable-here": "dim"}
"""In the order in which they are counted."""
COUNTED = frozenset({"bursts", "runs", "ticks", "threads", "processes"})
"""Units of what is counted."""


def counts(document: ClaimsDocument) -> str:
    """How many claims got each verdict, in one line."""
    verdicts = [claim.verdict for claim in document.claims]
    told = [f"{verdicts.count(v)} {v}" for v in _COLOURS if verdicts.count(v)]  # type: ignore[arg-type]
    return f"{len(verdicts)} claims: {', '.join(told)}" if told else "no claim was tested"


def print_claims(document: ClaimsDocument, console: Console) -> None:
    """Print a table of verdicts, and what to do where the guide is wrong."""
    header = ("claim", "verdict", "evidence")
    rows = [
        (claim.id, Text(claim.verdict, style=_COLOURS[claim.verdict]), in_brief(claim.evidence))
        for claim in document.claims
    ]
    print_table(console, "The guide's claims", header, rows, words=header)
    for claim in _refuted(document):
        console.print(f"\n[bold]{escape(claim.id)}[/bold]")
        console.print(f"  the guide says: {claim.says}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"  measured:       {claim.evidence}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"  instead:        {claim.advice}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"\n{counts(document)}", markup=False, highlight=False, soft_wrap=True)


def render_claims_markdown(document: ClaimsDocument) -> str:
    """All verdicts as one Markdown page, a section for each claim."""
    lines = ["# The sizing guide's claims, measured", "", f"{counts(document)}.", ""]
    lines += [f"Measured {document.created_at} on {document.fingerprint.in_a_line}.", ""]
    rows = tuple((f"[{c.id}](#{c.id})", c.verdict, in_brief(c.evidence)) for c in document.claims)
    lines += markdown_table((("claim", "verdict", "evidence"), rows))
    for claim in document.claims:
        lines += _section(claim)
    return "\n".join(lines) + "\n"


def in_brief(evidence: str) -> str:
    """The first clause, which holds what decided."""
    return evidence.split("; ", 1)[0]


def _refuted(document: ClaimsDocument) -> list[ClaimRecord]:
    return [claim for claim in document.claims if claim.verdict == "refuted"]


def _section(claim: ClaimRecord) -> list[str]:
    lines = ["", f"## {claim.id}", "", f"> {claim.says}", "", f"**{claim.verdict}**: {claim.evidence}", ""]
    lines += [f"- Why it could be false: {claim.doubt}", f"- Rule, set before measuring: {claim.rule}"]
    lines += [f"- Instead: {claim.advice}" if claim.verdict == "refuted" else f"- Mind: {claim.advice}"]
    on = f", on the {claim.stack} stack" if claim.stack else ""
    lines += [f"- Experiments: {', '.join(claim.experiments)}{on}"]
    if claim.numbers:
        rows = tuple((n.name, value(n), interval(n), str(n.n), n.source) for n in claim.numbers)
        lines += ["", *markdown_table((("figure", "value", "95 % interval", "n", "from"), rows))]
    return lines


def value(number: NumberRecord) -> str:
    """A figure with its unit; a count as a whole number."""
    if number.low is None and number.value.is_integer() and number.unit in COUNTED:
        return f"{number.value:,.0f} {number.unit}"
    return text.quantity(number.value, number.unit)


def interval(number: NumberRecord) -> str:
    """`low to high`; a dash where there is no interval."""
    if number.low is None or number.high is None:
        return "-"
    return f"{text.quantity(number.low, number.unit)} to {text.quantity(number.high, number.unit)}"

"""The page of the guide's claims: a card for each, with its verdict and the figures that decided it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.claims_text import counts, in_brief, interval, value
from harness.report.pages.page import Section, Titled, render
from harness.report.pictures.claim_figures import claim_pictures, verdict_picture
from harness.report.pictures.picture import Picture
from harness.results.claims_document import ClaimRecord, ClaimsDocument

BADGES = {"supported": "good", "refuted": "bad", "inconclusive": "open", "not-testable-here": "plain"}
_FIGURES = ("figure", "value", "95 % interval", "n", "from")


@dataclass(frozen=True)
class Card:
    """One claim."""

    claim: ClaimRecord
    anchor: str
    badge: str
    brief: str
    pictures: tuple[Picture, ...]
    figures: Titled | None


def render_claims_page(claims: ClaimsDocument) -> str:
    """The page of the guide's claims."""
    cards = [_card(claim, number) for number, claim in enumerate(claims.claims, 1)]
    verdicts = [claim.verdict for claim in claims.claims]
    context = {
        "counts": counts(claims),
        "machine": claims.fingerprint.in_a_line,
        "created_at": claims.created_at,
        "finished": bool(claims.finished_at),
        "cards": cards,
        "verdicts": [(verdict, badge, verdicts.count(verdict)) for verdict, badge in BADGES.items()],  # type: ignore[arg-type]
    }
    sections = (_measured(claims),) if cards else ()
    return render("claims.html.j2", "The sizing guide's claims, measured", sections, context, ())


def _card(claim: ClaimRecord, number: int) -> Card:
    rows = tuple((one.name, value(one), interval(one), str(one.n), one.source) for one in claim.numbers)
    return Card(
        claim=claim,
        anchor=f"of-{number}",
        badge=BADGES[claim.verdict],
        brief=in_brief(claim.evidence),
        pictures=claim_pictures(claim, number),
        figures=Titled(f"Figures of {claim.id}", (_FIGURES, rows)) if rows else None,
    )


def _measured(claims: ClaimsDocument) -> Section:
    used: dict[tuple[str, str], list[str]] = {}
    for claim in claims.claims:
        for name in claim.experiments:
            used.setdefault((name, claim.stack or "not run"), []).append(claim.id)
    rows = tuple((name, stack, ", ".join(ids)) for (name, stack), ids in used.items())
    return Section(
        "experiments",
        "What was run",
        "Each experiment is a folder beside claims.json, with its raw tables; the column `from` of a claim's "
        "figures names the experiment, the table and the columns.",
        pictures=(verdict_picture(claims),),
        tables=(Titled("Experiments", (("experiment", "stack", "claims that rest on it"), rows)),),
        look="words",
    )

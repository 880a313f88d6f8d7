"""The page of a size that was tried: whether it held, and where it breaks."""

from __future__ import annotations

from harness.report.pages.page import Section, Titled, render
from harness.report.pictures.attempts import attempts_picture
from harness.report.text import Table
from harness.report.trial_text import (
    ATTEMPTS,
    BOUNDARIES,
    attempt_row,
    boundary_row,
    head,
    notes,
    ordered,
    verdict,
)
from harness.results.trial_document import TrialDocument

_OUTCOMES = {"killed": ("bad", "broke"), "unclear": ("open", "unclear")}


def render_trial_page(trial: TrialDocument) -> str:
    """The page of a trial, finished or not."""
    title, *more = head(trial)
    picture = attempts_picture(trial)
    badge, word = _outcome(trial)
    boundaries: Table = (BOUNDARIES, tuple(map(boundary_row, trial.boundaries)))
    attempts: Table = (
        ("attempt", *ATTEMPTS),
        tuple((one.folder, *attempt_row(one)) for one in ordered(trial)),
    )
    context = {
        "badge": badge,
        "word": word,
        "verdict": verdict(trial),
        "head": more,
        "finished": bool(trial.finished_at),
        "forced": trial.forced,
        "created_at": trial.created_at,
        "machine": trial.fingerprint.in_a_line,
        "boundaries": Titled("Where it breaks", boundaries) if trial.boundaries else None,
    }
    note = "From try.json: attempts. The raw tables of each are in the folder of its name, beside that file."
    sections = (
        Section(
            "attempts",
            "Attempts",
            "Right: more memory; up: more runs at once. Blue: where it was predicted to break, with the "
            "interval of the prediction."
            if trial.boundaries
            else "",
            (picture,) if picture is not None else (),
            (Titled("Every attempt", attempts, note),) if trial.attempts else (),
            tuple(notes(trial)),
        ),
    )
    return render("trial.html.j2", title, sections, context, ())


def _outcome(trial: TrialDocument) -> tuple[str, str]:
    size = trial.size
    if size is None or not size.bursts:
        return "open", "not tried to the end"
    if size.outcome == "held":
        return ("good", "held") if trial.in_time else ("bad", "held, but too late")
    return _OUTCOMES[size.outcome]

"""How verdicts are shown."""

import io

from rich.console import Console

from harness.report.claims_text import counts, print_claims, render_claims_markdown
from harness.results.claims_document import ClaimRecord, ClaimsDocument, NumberRecord


def record(name: str, verdict: str, **more: object) -> ClaimRecord:
    fields: dict[str, object] = {
        "id": name,
        "verdict": verdict,
        "evidence": f"evidence of {name}",
        "says": "runs are threads",
        "doubt": "they may not be",
        "rule": "supported if they are",
        "advice": "count processes",
        "experiments": ("light",),
    }
    return ClaimRecord.model_validate(fields | more)


NUMBER = NumberRecord(
    name="memory per run",
    value=100 * 2**20,
    low=99 * 2**20,
    high=101 * 2**20,
    unit="bytes",
    n=12,
    source="light: bursts",
)
DOCUMENT = ClaimsDocument(
    harness_version="0",
    created_at="2026-01-01",
    fingerprint={"cpu_count": 2, "memory_total_bytes": 8 * 2**30},
    claims=(
        record("one", "refuted", numbers=(NUMBER,), stack="process"),
        record("two", "supported"),
        record("three", "not-testable-here", evidence="needs 8 CPUs (this machine has 2)"),
        record("four", "inconclusive"),
    ),
)


def terminal(document: ClaimsDocument) -> str:
    stream = io.StringIO()
    print_claims(document, Console(file=stream, width=160))
    return stream.getvalue()


def test_every_claim_is_shown_with_its_verdict_and_evidence() -> None:
    for shown in (terminal(DOCUMENT), render_claims_markdown(DOCUMENT)):
        for claim in DOCUMENT.claims:
            assert claim.id in shown
            assert claim.verdict in shown
            assert claim.evidence in shown
        assert "4 claims: 1 supported, 1 refuted, 1 inconclusive, 1 not-testable-here" in shown


def test_the_terminal_says_what_to_do_where_the_guide_is_wrong() -> None:
    shown = terminal(DOCUMENT)
    assert shown.count("instead:") == 1
    assert "count processes" in shown


def test_the_page_shows_each_figure_with_interval_count_and_source() -> None:
    page = render_claims_markdown(DOCUMENT)
    assert "| memory per run | 100.0 MiB | 99.0 MiB to 101.0 MiB | 12 | light: bursts |" in page
    assert "- Instead: count processes" in page
    assert "- Mind: count processes" in page
    assert "- Experiments: light, on the process stack" in page


def test_tables_hold_the_first_clause_and_details_the_whole() -> None:
    long = DOCUMENT.model_copy(update={"claims": (record("one", "refuted", evidence="first 1.2; then 3.4"),)})
    for shown in (terminal(long), render_claims_markdown(long)):
        assert shown.count("first 1.2") == 2
        assert shown.count("; then 3.4") == 1


def test_counts_are_whole_numbers() -> None:
    count = NumberRecord(name="hit", value=3, low=None, high=None, unit="bursts", n=3, source="cap: bursts")
    page = render_claims_markdown(
        DOCUMENT.model_copy(update={"claims": (record("one", "refuted", numbers=(count,)),)})
    )
    assert "| hit | 3 bursts | - | 3 | cap: bursts |" in page


def test_markup_in_a_text_is_shown_and_not_run() -> None:
    hostile = DOCUMENT.model_copy(update={"claims": (record("one", "refuted", evidence="[red]a|b[/red]"),)})
    assert "[red]a|b[/red]" in terminal(hostile)
    assert "a\\|b" in render_claims_markdown(hostile)


def test_nothing_tested_is_said() -> None:
    assert counts(DOCUMENT.model_copy(update={"claims": ()})) == "no claim was tested"

"""The page of the guide's claims, without a browser."""

from __future__ import annotations

import pytest

from harness.report.pages.claims_page import render_claims_page
from harness.report.pictures.claim_figures import claim_pictures, verdict_picture
from harness.results.claims_document import ClaimsDocument, NumberRecord, ThresholdRecord, read_claims
from harness.views.claims_thresholds import thresholds_of, unit_decided
from tests.unit.cli_support import ROOT
from tests.unit.pages_support import HOSTILE, MOST, assert_escaped, rows, shown
from tests.unit.test_report_claims import DOCUMENT, NUMBER, record


def test_each_claim_is_a_card_with_its_verdict_and_figures() -> None:
    page = render_claims_page(DOCUMENT)
    text = shown(page)
    assert "4 claims: 1 supported, 1 refuted, 1 inconclusive, 1 not-testable-here" in text
    for claim in DOCUMENT.claims:
        for words in (
            claim.id,
            claim.verdict,
            claim.evidence,
            claim.says,
            claim.doubt,
            claim.rule,
            claim.advice,
        ):
            assert words in text, words
    assert page.count("<article") == 4
    for words in ("100.0 MiB", "99.0 MiB to 101.0 MiB", "light: bursts"):
        assert words in text, words


def test_figures_are_drawn_by_unit_with_their_intervals() -> None:
    ratio = NumberRecord(name="a / b", value=0.5, low=0.4, high=0.7, unit="", n=3, source="light: runs")
    count = NumberRecord(name="hit", value=3, low=None, high=None, unit="bursts", n=3, source="cap: bursts")
    held = (
        ThresholdRecord(verdict="supported", low=0.85, high=1.15, unit=""),
        ThresholdRecord(verdict="refuted", low=None, high=0.75, unit=""),
        ThresholdRecord(verdict="refuted", low=1.3, high=None, unit=""),
    )
    claim = DOCUMENT.claims[0].model_copy(update={"numbers": (NUMBER, ratio, count), "thresholds": held})
    decided, memory, counted = claim_pictures(claim, 1)
    assert [row["threshold"] for row in rows(decided) if "threshold" in row] == [0.85, 1.15, 0.75, 1.3]
    [figure] = [row for row in rows(decided) if "figure" in row]
    assert (figure["value"], figure["low"], figure["high"], figure["n"]) == (0.5, 0.4, 0.7, 3)
    [figure] = rows(memory)
    assert (figure["figure"], figure["value"], figure["low"], figure["source"]) == (
        "memory per run",
        100.0,
        99.0,
        "light: bursts",
    )
    [figure] = rows(counted)
    assert figure["low"] is None
    assert "3 bursts (n = 3)" in counted.text


def test_thresholds_that_a_claim_holds_are_drawn_in_the_unit_of_its_figures() -> None:
    ratio = NumberRecord(name="a / b", value=0.5, low=0.4, high=0.7, unit="", n=3, source="light: runs")
    held = (
        ThresholdRecord(verdict="supported", low=6 * 2**20, high=10 * 2**20, unit="bytes"),
        ThresholdRecord(verdict="refuted", low=None, high=4 * 2**20, unit="bytes"),
    )
    claim = record("one", "refuted", numbers=(ratio, NUMBER), thresholds=held)
    decided, other = claim_pictures(claim, 1)
    drawn = [(row["verdict"], row["threshold"]) for row in rows(decided) if "threshold" in row]
    assert drawn == [("supported", 6), ("supported", 10), ("refuted", 4)]
    assert "Thresholds of the rule: supported from 6, supported up to 10, refuted up to 4." in decided.text
    assert not [row for row in rows(other) if "threshold" in row]


@pytest.fixture(scope="module")
def reference() -> ClaimsDocument:
    return read_claims(ROOT / "results" / "claims")


def beyond(low: float, high: float, threshold: float, told: str) -> bool:
    """Whether an interval lies on the side of a threshold that is told."""
    return low >= threshold if told.startswith(("from", "above")) else high <= threshold


def test_thresholds_of_the_reference_claims_are_about_what_decided(reference: ClaimsDocument) -> None:
    """The verdict that thresholds and figure give is the one that was given."""
    ruled = []
    for claim in reference.claims:
        thresholds, unit = thresholds_of(claim), unit_decided(claim)
        figure = next((one for one in claim.numbers if one.unit == unit and one.low is not None), None)
        if thresholds.empty or figure is None or figure.low is None or figure.high is None:
            continue
        ruled.append(claim.id)
        met = {
            verdict: [
                beyond(figure.low, figure.high, threshold, told)
                for threshold, told in zip(own["threshold"], own["told"], strict=True)
            ]
            for verdict, own in thresholds.groupby("verdict")
        }
        assert all(met["supported"]) == (claim.verdict == "supported"), claim.id
        assert any(met["refuted"]) == (claim.verdict == "refuted"), claim.id
    assert {"cpu-linear", "profiler", "littles-law", "gil-plateau-runs", "shared-state"} <= set(ruled)


def test_the_reference_claims_are_one_small_page(reference: ClaimsDocument) -> None:
    page = render_claims_page(reference)
    assert len(page.encode()) < MOST
    text = shown(page)
    assert page.count("<article") == len(reference.claims)
    for claim in reference.claims:
        assert claim.evidence in text
        for number in claim.numbers:
            assert number.source in text
    drawn = [
        row
        for number, claim in enumerate(reference.claims)
        for one in claim_pictures(claim, number)
        for row in rows(one)
    ]
    assert sum("figure" in row for row in drawn) == sum(len(claim.numbers) for claim in reference.claims)


def test_verdicts_are_counted_by_what_they_were_measured_on(reference: ClaimsDocument) -> None:
    found = rows(verdict_picture(reference))
    assert sum(row["claims"] for row in found) == len(reference.claims)
    untested = [row for row in found if row["stack"] == "not run"]
    assert {row["verdict"] for row in untested} == {"not-testable-here"}


def test_claims_that_were_not_tested_are_a_page() -> None:
    assert "no claim was tested" in shown(render_claims_page(DOCUMENT.model_copy(update={"claims": ()})))
    needs = "needs 8 CPUs (this machine has 2)"
    untested = DOCUMENT.model_copy(update={"claims": (record("one", "not-testable-here", evidence=needs),)})
    text = shown(render_claims_page(untested))
    assert "1 claims: 1 not-testable-here" in text
    assert needs in text
    assert "have not come to their end" in text


def test_hostile_words_of_claims_are_shown_and_not_run() -> None:
    number = NUMBER.model_copy(update={"name": HOSTILE, "source": HOSTILE})
    claim = record(
        HOSTILE, "refuted", evidence=HOSTILE, says=HOSTILE, experiments=(HOSTILE,), numbers=(number,)
    )
    assert_escaped(render_claims_page(DOCUMENT.model_copy(update={"claims": (claim,)})))

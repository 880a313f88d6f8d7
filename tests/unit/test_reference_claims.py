"""The committed reference run: its verdicts follow from its raw data, and the documents tell them truly."""

import re
import shutil
from pathlib import Path

import pytest

from harness.claims.registry import CLAIMS
from harness.results.claims_document import read_claims
from harness.views.claims_thresholds import thresholds_of
from tests.unit.cli_support import ROOT, Run

REFERENCE = ROOT / "results" / "claims"
FIGURE = re.compile(r"-?[\d,.]+%? \[-?[\d,.]+%?, -?[\d,.]+%?\]")


@pytest.fixture(scope="module")
def all_refuted() -> str:
    return (ROOT / "docs" / "guide.md").read_text("utf-8")


@pytest.fixture(scope="module")
def six_refuted() -> str:
    readme = (ROOT / "README.md").read_text("utf-8")
    return readme.split("## What the sizing guide gets wrong")[1].split("\n## ")[0]


def named(text: str) -> set[str]:
    return {claim.id for claim in CLAIMS if f"`{claim.id}`" in text}


def refuted() -> set[str]:
    return {record.id for record in read_claims(REFERENCE).claims if record.verdict == "refuted"}


def told_figures(text: str) -> list[str]:
    """Figures with intervals, all of which are in the evidence."""
    evidence = " ".join(record.evidence for record in read_claims(REFERENCE).claims)
    figures: list[str] = FIGURE.findall(text)
    for figure in figures:
        assert figure in evidence, figure
    return figures


def test_every_claim_has_its_verdict() -> None:
    assert [record.id for record in read_claims(REFERENCE).claims] == [claim.id for claim in CLAIMS]


def test_the_verdicts_follow_from_the_raw_data(run: Run, tmp_path: Path) -> None:
    copy = shutil.copytree(REFERENCE, tmp_path / "claims")
    done = run("claims", "--from-results", str(copy), "--write")
    assert done.returncode == 0, done.stderr
    assert "every verdict is as it was stored" in done.stdout
    again, stored = read_claims(copy), read_claims(REFERENCE)
    for one, other in zip(again.claims, stored.claims, strict=True):
        assert (one.id, one.verdict, one.evidence) == (other.id, other.verdict, other.evidence)
        # what a file of schema version 1 tells in words is what the rules go by
        assert set(thresholds_of(other)["threshold"]) <= set(thresholds_of(one)["threshold"]), one.id
        assert bool(one.thresholds) == any(claim.bounds for claim in CLAIMS if claim.id == one.id)


def test_no_path_of_the_machine_it_ran_on_is_in_it() -> None:
    local = {".lock", "report.html"}
    committed = [
        f for f in REFERENCE.rglob("*") if f.is_file() and "logs" not in f.parts and f.name not in local
    ]
    assert committed
    for file in committed:
        assert file.suffix in ("", ".json", ".md", ".parquet"), file
        if file.suffix in (".json", ".md"):
            assert not re.search(r"(^|[^\w.])/(root|home|tmp|work)/", file.read_text("utf-8")), file


def test_the_guides_page_names_every_refuted_claim_and_no_other(all_refuted: str) -> None:
    assert named(all_refuted) == refuted()


def test_the_readme_names_six_of_them(six_refuted: str) -> None:
    rows = [line for line in six_refuted.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 6
    assert all(named(row) and named(row) <= refuted() for row in rows)


def test_the_figures_on_the_guides_page_are_the_measured_ones(all_refuted: str) -> None:
    assert len(told_figures(all_refuted)) >= 10


def test_the_figures_in_the_readme_are_the_measured_ones(six_refuted: str) -> None:
    assert len(told_figures(six_refuted)) >= 3


def test_both_count_the_verdicts_as_they_are(all_refuted: str, six_refuted: str) -> None:
    verdicts = [record.verdict for record in read_claims(REFERENCE).claims]
    holds, not_here = verdicts.count("supported"), verdicts.count("not-testable-here")
    for text in (all_refuted, six_refuted):
        told = " ".join(text.split())
        assert f"{holds} hold, {len(refuted())} do not, and {not_here} need a larger machine" in told
        assert f"{len(verdicts)} claims" in told or f"{len(verdicts)} of its claims" in told

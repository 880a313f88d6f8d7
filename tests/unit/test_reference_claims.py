"""The committed reference run: its verdicts follow from its raw data, and the README tells them truly."""

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
def first_screen() -> str:
    readme = (ROOT / "README.md").read_text("utf-8")
    return readme.split("## What the sizing guide gets wrong")[1].split("\n## ")[0]


def test_every_claim_has_its_verdict() -> None:
    assert [record.id for record in read_claims(REFERENCE).claims] == [claim.id for claim in CLAIMS]


def test_the_verdicts_follow_from_the_raw_data(run: Run, tmp_path: Path) -> None:
    copy = shutil.copytree(REFERENCE, tmp_path / "claims")
    done = run("claims", "--from-results", str(copy))
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


def test_the_readme_names_every_refuted_claim_and_no_other(first_screen: str) -> None:
    refuted = {record.id for record in read_claims(REFERENCE).claims if record.verdict == "refuted"}
    named = {claim.id for claim in CLAIMS if f"`{claim.id}`" in first_screen}
    assert named == refuted


def test_the_figures_in_the_readme_are_the_measured_ones(first_screen: str) -> None:
    evidence = " ".join(record.evidence for record in read_claims(REFERENCE).claims)
    figures = FIGURE.findall(first_screen)
    assert len(figures) >= 5
    for figure in figures:
        assert figure in evidence, figure

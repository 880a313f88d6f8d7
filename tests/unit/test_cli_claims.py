"""`dagster-sizing claims`, short of measuring."""

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.claims.registry import CLAIMS
from harness.results.claims_document import ClaimsDocument, read_claims, write_claims
from harness.results.folder import ResultFolder
from tests.unit.cli_support import Run
from tests.unit.results_sample import CELL, burst_row, document

ROWS = [burst_row(4, burst, oom_kills=0) for burst in range(3)]


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A folder with one experiment, `light`, whose runs all had processes of their own; nothing decided."""
    light = ResultFolder(tmp_path / "light")
    light.write_document(document(name="light"))
    pd.DataFrame(ROWS).to_parquet(light.path / "bursts.parquet")
    key = [{"cell_id": CELL, "burst": burst} for burst in range(3)]
    pd.DataFrame([k | {"pid": 100 + n} for k in key for n in range(4)]).to_parquet(
        light.path / "runs.parquet"
    )
    processes = pd.DataFrame([k | {"pid": 1, "role": "server"} for k in key])
    processes.to_parquet(light.path / "processes.parquet")
    fingerprint = {"cpu_count": 2, "memory_total_bytes": 8 * 2**30, "engine": None}
    write_claims(
        tmp_path, ClaimsDocument(harness_version="0", created_at="then", fingerprint=fingerprint, claims=())
    )
    return tmp_path


def test_the_list_says_what_would_be_tested(run: Run) -> None:
    done = run("claims", "--list")
    assert done.returncode == 0
    for claim in CLAIMS:
        assert claim.id in done.stdout


def test_ids_may_be_shared_beginnings(run: Run) -> None:
    told = run("claims", "--list", "--only", "sizes", "--only", "profiler").stdout
    shown = [claim.id for claim in CLAIMS if f"\n{claim.id}" in told]
    assert shown == ["profiler", "sizes-5-10", "sizes-10-25", "sizes-25-50", "sizes-50-plus"]


def test_verdicts_are_given_again_from_raw_data(run: Run, stored: Path) -> None:
    done = run("claims", "--from-results", str(stored), "--write")
    assert done.returncode == 0, done.stderr
    records = {record.id: record for record in read_claims(stored).claims}
    assert set(records) == {claim.id for claim in CLAIMS}
    assert records["run-is-thread"].verdict == "refuted"
    assert records["thread-stack"].evidence == "not measured: threads"
    assert records["sizes-25-50"].verdict == "not-testable-here"
    assert "needs 8 CPUs (this machine has 2)" in records["sizes-25-50"].evidence
    assert "needs Docker" in records["replicas-isolate"].evidence
    assert "every verdict is as it was stored" in done.stdout
    assert "## run-is-thread" in (stored / "claims.md").read_text("utf-8")
    assert f"report: {stored / 'report.html'}" in done.stdout
    assert "run-is-thread" in (stored / "report.html").read_text("utf-8")


def test_a_verdict_that_has_changed_is_told(run: Run, stored: Path) -> None:
    run("claims", "--from-results", str(stored), "--write")
    told = json.loads((stored / "claims.json").read_text("utf-8"))
    told["claims"][0]["verdict"] = "supported"
    (stored / "claims.json").write_text(json.dumps(told), encoding="utf-8")
    done = run("claims", "--from-results", str(stored))
    assert "run-is-thread: supported before, now refuted" in done.stdout
    assert "as it was stored" not in done.stdout


def test_a_page_that_cannot_be_written_does_not_cost_the_verdicts(run: Run, stored: Path) -> None:
    (stored / "report.html").mkdir()
    done = run("claims", "--from-results", str(stored), "--write", "--only", "run-is-thread")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"warning: {stored / 'report.html'}: not written: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"report: {stored / 'claims.md'}" in done.stdout
    assert read_claims(stored).claims[0].verdict == "refuted"


def test_some_claims_are_decided_and_the_others_kept(run: Run, stored: Path) -> None:
    run("claims", "--from-results", str(stored), "--write", "--only", "profiler")
    run("claims", "--from-results", str(stored), "--write", "--only", "run-is-thread")
    assert [record.id for record in read_claims(stored).claims] == ["run-is-thread", "profiler"]


def test_looking_writes_nothing(run: Run, stored: Path) -> None:
    before = {file: file.read_bytes() for file in stored.rglob("*") if file.is_file()}
    done = run("claims", "--from-results", str(stored))
    assert done.returncode == 0, done.stderr
    assert "run-is-thread" in done.stdout
    assert {file: file.read_bytes() for file in stored.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "profile"], "did you mean profiler?"),
        (["--only", "nonsense"], "--list"),
        (["--from-results", "nowhere"], "nowhere"),
        (["--from-results", "tests"], "claims.json"),
        (["--from-results", "tests", "--resume"], "--resume"),
        (["--only", "profiler", "--write"], "--from-results"),
    ],
)
def test_bad_input_ends_in_a_clear_line_and_exit_code_2(run: Run, arguments: list[str], words: str) -> None:
    done = run("claims", *arguments)
    assert done.returncode == 2, done.stdout
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_claims_that_are_there_are_not_written_over(run: Run, stored: Path) -> None:
    before = (stored / "claims.json").read_bytes()
    done = run("claims", "--out", str(stored))
    assert done.returncode == 2
    assert "choose another --out, or add --resume" in done.stderr
    assert (stored / "claims.json").read_bytes() == before

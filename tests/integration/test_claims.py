"""`dagster-sizing claims` from the first experiment to the verdict."""

import signal
from pathlib import Path

import psutil
import pytest

from harness.results.claims_document import ClaimRecord, read_claims
from harness.results.folder import ResultFolder
from tests.integration.bench_support import read_until, run, start, traces

pytestmark = pytest.mark.integration

ONLY = ("--only", "workers-default")


def verdict(folder: Path) -> ClaimRecord:
    [record] = read_claims(folder).claims
    return record


def test_interrupted_then_resumed_then_decided_again_from_raw_data(tmp_path: Path) -> None:
    out, state = tmp_path / "claims", tmp_path / "state"
    process = start("claims", *ONLY, "--out", str(out), state=state)
    read_until(process, "burst 2 of 4")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert f"--resume --out {out}" in output
    assert traces(state) == []
    assert verdict(out).verdict == "inconclusive"

    code, output = run("claims", *ONLY, "--out", str(out), "--resume", state=state)
    assert code == 0, output
    assert traces(state) == []
    decided = verdict(out)
    # Python's ThreadPoolExecutor has had min(32, CPUs + 4) threads since 3.8
    pool = min(32, (psutil.cpu_count() or 1) + 4)
    assert decided.numbers[0].value == pool
    assert decided.verdict == ("supported" if pool in (5 * (psutil.cpu_count() or 1), 10) else "refuted")
    assert decided.evidence in output
    before = (out / "default" / "bursts.parquet").read_bytes()

    code, output = run("claims", *ONLY, "--out", str(out), "--resume", state=state)
    assert code == 0, output
    assert "measured already" in output
    code, output = run("claims", *ONLY, "--from-results", str(out), state=state)
    assert code == 0, output
    assert "every verdict is as it was stored" in output
    assert verdict(out) == decided
    assert (out / "default" / "bursts.parquet").read_bytes() == before
    assert not ResultFolder(out / "default").table("pings").empty

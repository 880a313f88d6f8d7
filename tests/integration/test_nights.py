"""What a night does, with real servers: versions in turns, cut short, gone on with, compared, remembered."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from harness.model.constants import constants_of
from harness.results.comparison_document import read_comparison
from harness.results.matrix_document import read_matrix
from harness.results.trend_document import read_entries
from tests.integration.bench_support import ATTEMPTS, FIXTURES, document, read_until, run, start, traces
from tests.usual import usual_constants

pytestmark = pytest.mark.integration

OLD, NEW = "1.8.13", "1.13.27"
OPTIONS = ("--versions", f"{OLD},{NEW}", "--rounds", "2", "--set", "load.repeats=2")
INCONCLUSIVE = 4
"""Exit code where a round is not valid."""


def test_two_versions_in_turns_are_compared_and_remembered(tmp_path: Path) -> None:
    out, state, trend = tmp_path / "matrix", tmp_path / "state", tmp_path / "trend"
    scenario = str(FIXTURES / "nightly.yaml")
    process = start("matrix", scenario, *OPTIONS, "--out", str(out), state=state)
    read_until(process, f"round 1 of 2, Dagster {NEW}", "burst 1 of 3")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "--resume" in output
    assert traces(state) == []
    code, output = run("compare", str(out), state=state)
    assert code == 2, output
    assert "not finished" in output

    measured = (out / f"round-1-{OLD}" / "bursts.parquet").read_bytes()
    for _ in range(ATTEMPTS):  # a shared machine may spoil a round, which is then measured again
        code, output = run("matrix", scenario, *OPTIONS, "--resume", "--out", str(out), state=state)
        assert traces(state) == []
        assert "measured already" in output
        if code != INCONCLUSIVE:
            break
    assert code == 0, output
    rounds = read_matrix(out).rounds
    assert [one.dagster_version for one in rounds] == [OLD, NEW, OLD, NEW]
    began = [document(out / one.folder).created_at for one in rounds]
    if not list(out.glob("*-set-aside-*")):
        assert began == sorted(began)
        assert (out / f"round-1-{OLD}" / "bursts.parquet").read_bytes() == measured
    for one in rounds:
        [cell] = document(out / one.folder).cells
        assert cell.packages["dagster"] == one.dagster_version
        assert cell.exclude_newer
        assert {c.name for c in cell.constants} == usual_constants("runs")
        peaks = [level.memory_peak_bytes for level in cell.levels]
        assert np.all(np.diff(np.asarray(peaks, dtype=float)) > 50 * 2**20)

    code, output = run("compare", str(out), "--out", str(out), "--fail-on", "nothing", state=state)
    assert code == 0, output
    comparison = read_comparison(out)
    assert comparison.baseline.dagster_version == OLD
    compared = {one.name for one in constants_of("runs") if one.compared}
    assert {one.constant for one in comparison.differences} == compared
    memory = next(one for one in comparison.differences if one.constant == "memory_per_run_bytes")
    assert memory.ratio is not None
    assert 0.5 < memory.ratio.value < 2
    assert {package.name for package in comparison.packages} > {"dagster", "grpcio"}
    assert all((out / f"comparison.{ending}").stat().st_size for ending in ("html", "json", "md", "xml"))

    for _ in range(2):  # what is in the trend already is not added again
        code, output = run("trend", "add", str(out), "--to", str(trend), state=state)
        assert code == 0, output
        [first, second] = read_entries(trend)  # of each version one, fitted to all its rounds
        for entry in (first, second):
            assert {"memory_per_run_bytes", "cpu_seconds_per_run"} <= {one.constant for one in entry.points}
    code, output = run("trend", "show", "--to", str(trend), "--format", "json", state=state)
    assert code == 0, output
    shown = json.loads(output)
    assert {OLD, NEW} == {one["dagster_version"] for one in shown}

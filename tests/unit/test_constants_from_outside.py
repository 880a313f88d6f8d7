"""A constant that nobody but this test knows goes all the way, from the table of bursts to a trend."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.model.bursts import Bursts
from harness.model.constants import CONSTANTS
from harness.model.definition import Definition, Points
from harness.results.folder import ResultFolder
from harness.results.result_document import ConstantRecord
from tests.unit.cli_support import Run
from tests.unit.results_sample import CELL, burst_row, cell_record, document

NAME = "sockets_per_run"
TRUTH = 3.0


def _points(column: str, bursts: Bursts) -> Points:
    return Points("slope", bursts.concurrency, bursts.columns[column])


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> Definition:
    """One entry in the registry, and nothing else."""
    definition = Definition(
        NAME,
        "sockets",
        "Sockets each concurrent run holds.",
        "slope of sockets_peak against concurrency_peak",
        kind="count",
        fired=("runs",),
        needs=("sockets_peak",),
        points=partial(_points, "sockets_peak"),
    )
    monkeypatch.setitem(CONSTANTS, NAME, definition)
    return definition


def measured(folder: Path, version: str, factor: float = 1.0, column: str = "sockets_peak") -> ResultFolder:
    """A result whose bursts have the column."""
    rng = np.random.default_rng(1)
    cell = CELL.replace("1.13.27", version)
    rows = [
        burst_row(level, burst, cell_id=cell, **{column: 5 + factor * TRUTH * level + rng.normal(0, 0.05)})
        for burst, level in enumerate([1, 2, 4, 6] * 5)
    ]
    result = ResultFolder(folder)
    cells = (cell_record(cell_id=cell, dagster_version=version),)
    scenario = {"name": version, "dagster": {"versions": [version]}, "load": {"levels": [1, 2, 4, 6]}}
    result.write_document(document(name=folder.name, cells=cells, scenario=scenario))
    pd.DataFrame(rows).to_parquet(folder / "bursts.parquet")
    return result


def constant(result: ResultFolder) -> ConstantRecord:
    [cell] = result.read_document().cells
    return next(one for one in cell.constants if one.name == NAME)


def test_it_is_fitted_kept_and_shown(run: Run, tmp_path: Path) -> None:
    result = measured(tmp_path / "result", "1.13.27")
    assert run("fit", str(result.path)).returncode == 0
    found = constant(result)
    assert found.value == pytest.approx(TRUTH, rel=0.02)
    assert found.low is not None
    assert found.high is not None
    assert found.low < TRUTH < found.high
    shown = run("show", str(result.path)).stdout
    assert NAME in shown
    assert "3.0" in next(line for line in shown.splitlines() if NAME in line)
    run("report", str(result.path))
    assert NAME in (result.path / "report.html").read_text()


def test_it_is_compared_by_the_threshold_of_its_kind(run: Run, tmp_path: Path) -> None:
    before = measured(tmp_path / "before", "1.12.22")
    after = measured(tmp_path / "after", "1.13.27", factor=1.5)
    done = run("compare", str(before.path), str(after.path), "--format", "json", "--fail-on", "nothing")
    told = {one["constant"]: one for one in json.loads(done.stdout)["differences"]}
    assert (told[NAME]["kind"], told[NAME]["verdict"]) == ("count", "regressed")
    assert told[NAME]["ratio"]["value"] == pytest.approx(1.5, rel=0.03)


def test_it_has_a_trend(run: Run, tmp_path: Path) -> None:
    result, trend = measured(tmp_path / "result", "1.13.27"), str(tmp_path / "trend")
    run("fit", str(result.path))
    assert "1 of 1 results added" in run("trend", "add", str(result.path), "--to", trend).stdout
    shown = json.loads(run("trend", "show", "--to", trend, "--format", "json").stdout)
    assert NAME in json.dumps(shown)


def test_without_its_column_it_is_not_measured_here(run: Run, tmp_path: Path) -> None:
    old = measured(tmp_path / "old", "1.12.22", column="something_else")
    assert run("fit", str(old.path)).returncode == 0
    found = constant(old)
    assert (found.value, found.bursts) == (None, 0)
    assert found.reason == "not measured here: bursts have no sockets_peak"
    assert "not measured here" in run("show", str(old.path)).stdout
    new = measured(tmp_path / "new", "1.13.27")
    done = run("compare", str(old.path), str(new.path), "--format", "json", "--fail-on", "nothing")
    assert done.returncode == 0
    assert NAME not in {one["constant"] for one in json.loads(done.stdout)["differences"]}


def test_what_this_version_does_not_know_is_passed_over(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result and a trend of a newer harness, read by one that has not heard of the constant."""
    result, trend = measured(tmp_path / "result", "1.13.27"), str(tmp_path / "trend")
    run("fit", str(result.path))
    run("trend", "add", str(result.path), "--to", trend)
    monkeypatch.delitem(CONSTANTS, NAME)
    shown = run("trend", "show", "--to", trend, "--format", "json")
    assert shown.returncode == 0
    assert NAME not in shown.stdout
    assert run("show", str(result.path)).returncode == 0
    assert run("compare", str(result.path), str(result.path), "--fail-on", "nothing").returncode in (0, 2)

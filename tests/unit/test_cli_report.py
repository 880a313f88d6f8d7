"""`dagster-sizing report` of several folders."""

from pathlib import Path

import pytest

from harness.results.folder import ResultFolder
from harness.results.sizing_document import write_sizing
from harness.sizing.fitting import fit_result
from tests.unit.cli_support import Run
from tests.unit.results_sample import NO_REPLICAS, bursts, document
from tests.unit.sizing_made import sizing


@pytest.fixture
def result(tmp_path: Path) -> Path:
    folder = ResultFolder(tmp_path / "result")
    folder.write_document(fit_result(document(), bursts(), NO_REPLICAS))
    bursts().to_parquet(folder.path / "bursts.parquet")
    return folder.path


@pytest.fixture
def size(tmp_path: Path) -> Path:
    write_sizing(tmp_path / "size", sizing())
    return tmp_path / "size"


def test_a_folder_without_figures_does_not_stop_the_others(
    run: Run, result: Path, size: Path, tmp_path: Path
) -> None:
    figures = tmp_path / "figures"
    done = run("report", str(size), str(result), "--figures", str(figures))
    assert done.returncode == 0, done.stderr
    drawn = [file.name for file in figures.glob("*.svg")]
    assert len(drawn) == 1
    assert drawn[0].startswith("result-c1-")
    told = [line for line in done.stdout.splitlines() if "no figures" in line]
    assert len(told) == 1
    assert told[0].startswith(f"{size}: no figures")
    assert (size / "report.html").exists()
    assert (result / "report.html").exists()


def test_no_figures_at_all_are_an_error_of_one_line(run: Run, size: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    ResultFolder(bare).write_document(document())
    done = run("report", str(size), str(bare), "--figures", str(tmp_path / "figures"))
    assert done.returncode == 2
    assert f"{size}, {bare}: no figures" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "figures").exists()
    assert (bare / "report.html").exists()  # pages are written all the same
    assert run("report", str(size), str(bare)).returncode == 0

"""The page of a result, and the command that writes it."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from harness.cli.pages import render_path
from harness.report.pages.result_page import main_pictures, render_result
from harness.results.folder import TABLES, ResultFolder
from harness.results.result_document import Reason, Validity
from harness.sizing.fitting import fit_result
from tests.unit.cli_support import Run
from tests.unit.pages_support import shown
from tests.unit.results_sample import CELL, NO_REPLICAS, burst_row, cell_record, document

ROOT = Path(__file__).parents[2]
CLAIMS = ROOT / "results" / "claims"
HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}}"


def bursts() -> pd.DataFrame:
    return pd.DataFrame([burst_row(level, number) for number, level in enumerate([1, 2, 4] * 3)])


def pictures_in(page: str) -> dict[str, dict[str, Any]]:
    """The Vega-Lite specifications in a page, by name."""
    found = re.findall(r'<script type="application/json" id="([^"]+)-specification">(.*?)</script>', page)
    return {name: json.loads(text) for name, text in found}


def rows_of(specification: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for rows in specification["datasets"].values() for row in rows]


def test_a_page_has_the_formula_the_intervals_and_every_burst() -> None:
    fitted = fit_result(document(), bursts(), NO_REPLICAS)
    page = render_result(fitted, {"bursts": bursts()})
    known = {one.name: one for one in fitted.cells[0].constants}
    value, low = known["memory_per_run_bytes"].value, known["memory_per_run_bytes"].low
    assert value is not None
    assert low is not None
    assert re.search(rf"memory = .*{value / 2**20:,.1f} MiB \[{low / 2**20:,.1f} to .*× runs at once", page)
    of_memory = "memory_per_run_bytes: slope of memory_peak_bytes against concurrency_peak (9 bursts)"
    size, costs = shown(page).split("What a run costs")  # the answer first, and then what it rests on
    assert "The size for a demand" in size
    assert of_memory in costs
    assert "the size in the form, is computed from them" in shown(page)
    peaks = next(spec for name, spec in pictures_in(page).items() if name.endswith("-peaks"))
    drawn = [row for row in rows_of(peaks) if "burst" in row]
    assert sorted(row["at_once"] for row in drawn) == [1, 1, 1, 2, 2, 2, 4, 4, 4]


def test_a_page_of_a_real_result_has_every_picture_and_keeps_the_peak() -> None:
    page = render_path(CLAIMS / "oom-heavy").page
    found = pictures_in(page)
    endings = {name.rsplit("-", 1)[1] for name in found}
    assert endings >= {"peaks", "memory", "roles", "measures", "cpu", "launches", "runs", "counted"}
    samples = ResultFolder(CLAIMS / "oom-heavy").table("samples")
    memory = next(spec for name, spec in found.items() if name.endswith("-memory"))
    drawn = [row["memory_mib"] for row in rows_of(memory) if "with_cache_mib" in row]
    assert max(drawn) == float(f"{samples['memory_bytes'].max() / 2**20:.6g}")
    kills = [row["kills"] for row in rows_of(memory) if "kills" in row]
    assert sum(kills) == samples.groupby("replica")["oom_kills"].max().sum() > 0


SOON = {"oom-heavy", "replicas", "ticks"}
"""Kills, several code servers, ticks and Pings: the others take longer and show less."""


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param(folder, id=folder.name, marks=() if folder.name in SOON else pytest.mark.slow)
        for folder in sorted(CLAIMS.iterdir())
        if folder.is_dir()
    ],
)
def test_every_committed_experiment_renders(folder: Path) -> None:
    page = render_path(folder).page
    assert len(page) < 5_000_000
    assert page.count('data-download="') == len(pictures_in(page))


def test_tables_that_are_missing_leave_their_pictures_out() -> None:
    unmeasured = document(
        cells=(cell_record(state="pending"),),
        validity=Validity(
            state="inconclusive",
            reasons=(Reason(severity="inconclusive", code="x", message="not measured yet"),),
        ),
    )
    page = render_result(unmeasured, {name: pd.DataFrame() for name in TABLES})
    assert "not measured yet" in page
    assert "No formula" in page
    assert not pictures_in(page)


def test_names_that_are_html_are_shown_and_not_run() -> None:
    cells = (cell_record(workload=HOSTILE, dagster_version=HOSTILE),)
    runs = pd.DataFrame(
        {
            "job": [HOSTILE],
            "status": ["SUCCESS"],
            "cell_id": [CELL],
            "burst": [2],
            "created_epoch_seconds": [1.0],
            "starting_epoch_seconds": [2.0],
            "process_started_epoch_seconds": [3.0],
            "run_start_epoch_seconds": [4.0],
            "run_end_epoch_seconds": [5.0],
            "process_exited_epoch_seconds": [6.0],
            "run_id": ["a"],
        }
    )
    rows = bursts().iloc[:3]
    hostile = document(name=HOSTILE, stack=HOSTILE, scenario={"name": HOSTILE}, cells=cells)
    page = render_result(hostile, {"bursts": rows, "runs": runs})
    assert "<img src=x" not in page
    assert "49" not in re.findall(r"<h1>.*?</h1>", page)[0]
    gantt = next(spec for name, spec in pictures_in(page).items() if name.endswith("-runs"))
    assert {row["job"] for row in rows_of(gantt)} == {HOSTILE}


def test_the_main_pictures_are_the_peaks_and_the_memory() -> None:
    folder = ResultFolder(CLAIMS / "light")
    found = main_pictures(folder.read_document(), {name: folder.table(name) for name in TABLES})
    assert [one.name.rsplit("-", 1)[1] for one in found] == ["peaks", "memory"]
    assert all(one.text and ".parquet" in one.source for one in found)


def test_report_writes_a_page_and_figures(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "result"
    ResultFolder(folder).write_document(fit_result(document(), bursts(), NO_REPLICAS))
    bursts().to_parquet(folder / "bursts.parquet")
    done = run("report", str(folder), "--figures", str(tmp_path / "figures"))
    assert done.returncode == 0, done.stderr
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")
    drawings = sorted((tmp_path / "figures").glob("*.svg"))
    assert [one.stem.rsplit("-", 1)[1] for one in drawings] == ["peaks"]  # there are no samples
    assert ElementTree.parse(drawings[0]).getroot().tag.endswith("svg")
    assert drawings[0].with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_report_refuses_what_is_not_ours_in_one_line(run: Run, tmp_path: Path) -> None:
    empty = run("report", str(tmp_path))
    assert empty.returncode == 2
    assert "nothing to report" in empty.stderr
    assert empty.stderr.count("\n") == 1
    assert run("report", str(tmp_path / "missing")).returncode == 2
    (tmp_path / "result.json").write_text("{}", encoding="utf-8")
    damaged = run("report", str(tmp_path))
    assert damaged.returncode == 2
    assert "result.json" in damaged.stderr
    assert not (tmp_path / "report.html").exists()

"""The committed comparison of five minor lines: whole, valid, what its raw tables say, and told truly."""

import json
import re
from pathlib import Path

import pytest

from harness.campaign.comparison import comparison_of
from harness.compare.verdicts import THRESHOLDS
from harness.results.comparison_document import CHANGES, ComparisonDocument, read_comparison
from harness.results.folder import ResultFolder
from harness.results.matrix_document import read_matrix

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "versions"


def recomputed() -> ComparisonDocument:
    return comparison_of([FOLDER], THRESHOLDS, force=False)[0]


def same_ratios(now: ComparisonDocument, then: ComparisonDocument) -> int:
    """How many ratios there are, all of which are the committed ones."""
    count = 0
    for one, other in zip(now.differences, then.differences, strict=True):
        assert (one.other, one.workload, one.constant) == (other.other, other.workload, other.constant)
        if one.ratio and other.ratio:
            assert one.ratio.value == pytest.approx(other.ratio.value, rel=1e-6)
            count += 1
    return count


def test_it_has_five_minor_lines_measured_in_turns_and_all_rounds_are_valid() -> None:
    matrix = read_matrix(FOLDER)
    assert matrix.finished_at
    assert [version.rsplit(".", 1)[0] for version in matrix.versions] == [
        "1.9",
        "1.10",
        "1.11",
        "1.12",
        "1.13",
    ]
    assert len(matrix.rounds) == 3 * 5
    for one in matrix.rounds:
        document = ResultFolder(FOLDER / one.folder).read_document()
        assert document.validity.state == "valid", one.folder
        assert {cell.workload for cell in document.cells} == {
            "io_bound",
            "cpu_bound",
            "pandas_bound",
            "multi_step",
        }
        assert all(cell.exclude_newer for cell in document.cells), one.folder
    began = [ResultFolder(FOLDER / one.folder).read_document().created_at for one in matrix.rounds]
    assert began == sorted(began)  # in turns: A B C D E, and again


def test_its_raw_tables_give_the_committed_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PERMUTATIONS_EACH", "PERMUTATIONS_MORE"):  # they decide p, and not the ratio
        monkeypatch.setattr(f"harness.compare.verdicts.{name}", 1)
    assert same_ratios(recomputed(), read_comparison(FOLDER)) > 100


@pytest.mark.slow
def test_its_raw_tables_give_the_committed_comparison() -> None:
    now, committed = recomputed(), read_comparison(FOLDER)
    assert [one.verdict for one in now.differences] == [one.verdict for one in committed.differences]
    assert same_ratios(now, committed) > 100


def test_what_the_page_was_made_from_is_small() -> None:
    left_out = {"samples.parquet", "processes.parquet", "report.html", "comparison.html"}
    files = [file for file in FOLDER.rglob("*") if file.is_file() and "logs" not in file.parts]
    assert sum(file.stat().st_size for file in files if file.name not in left_out) < 5e6
    assert json.loads((FOLDER / "comparison.json").read_text("utf-8"))["forced"] is False


TOLD = {
    "memory (MiB)": ("memory_per_run_bytes", 2**20, "{:.1f}"),
    "CPU (CPU-seconds)": ("cpu_seconds_per_run", 1, "{:.2f}"),
    "launch (s)": ("launch_seconds_per_run", 1, "{:.2f}"),
}
"""Constant, what it is divided by, and how many places are told, by the rows of the page."""


def test_the_page_on_comparing_tells_its_figures() -> None:
    page = (ROOT / "docs" / "compare.md").read_text("utf-8")
    found = {(one.other, one.workload, one.constant): one for one in read_comparison(FOLDER).differences}
    table = page.split("| per run | workload |")[1].split("\n\n")[0].splitlines()
    versions = re.findall(r"\d+\.\d+\.\d+", table[0])[:5]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[2:]]
    assert len(rows) == 6
    what = ""
    for first, named, *cells in rows:
        what = first or what
        constant, unit, told = TOLD[what]
        workload = named.split("`")[1]
        of_version = [found[version, workload, constant] for version in versions[1:]]
        baseline = of_version[0].baseline_figure
        assert baseline is not None
        assert cells[0] == told.format(baseline.value / unit), (workload, constant)
        for cell, one in zip(cells[1:5], of_version, strict=True):
            assert one.other_figure is not None
            figure = told.format(one.other_figure.value / unit)
            changed = one.verdict in CHANGES
            assert cell == (f"**{figure}**" if changed else figure), (workload, constant, one.other)
        ratio = of_version[-1].ratio
        assert ratio is not None
        assert cells[5] == f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"

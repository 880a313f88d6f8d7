"""Any folder that the harness writes, as an HTML page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from harness.cli.side_by_side import comparison_of
from harness.compare.series import series_of
from harness.compare.subject import Subject
from harness.compare.verdicts import THRESHOLDS
from harness.errors import InputError, ResultError
from harness.report.pages.claims import render_claims_page
from harness.report.pages.comparison import render_comparison_page
from harness.report.pages.history import render_history_page
from harness.report.pages.result import main_pictures, render_result
from harness.report.pages.sizing import render_sizing_page
from harness.report.pages.trial import render_trial_page
from harness.report.pictures.picture import Picture
from harness.report.pictures.ratios import ratio_picture
from harness.results.claims import FILE as CLAIMS_FILE
from harness.results.claims import read_claims
from harness.results.comparison import COMPARISON_FILE, ComparisonDocument, read_comparison
from harness.results.document import ResultDocument
from harness.results.folder import TABLES, ResultFolder
from harness.results.history import read_entries
from harness.results.matrix import FILE as MATRIX_FILE
from harness.results.sizing import SIZING_FILE, read_sizing
from harness.results.trial import TRIAL_FILE, read_trial
from harness.sizing.fitting import with_levels
from harness.views.compared import bursts_of

PAGE = "report.html"


def render_path(path: Path) -> str:
    """The page of a folder, whatever it holds; of a matrix, the comparison of its versions.

    Raises:
        ResultError: it holds nothing of ours, or it cannot be read.
        InputError, InvalidResultError: a matrix cannot be compared.
    """
    if not path.is_dir():
        raise ResultError(f"{path}: a folder is expected, as bench, matrix, claims, size or try write it")
    found = next((render for file, render in _KINDS.items() if (path / file).exists()), None)
    if found is not None:
        return found(path)
    entries = read_entries(path) if any(path.glob("*.json")) else []
    if not entries:
        raise ResultError(
            f"{path}: nothing to report; a folder with one of {', '.join(_KINDS)} is expected, or a history"
        )
    return render_history_page(series_of(entries, THRESHOLDS))


def write_page(path: Path) -> Path:
    """Write the page of a folder into it; the errors are those of `render_path`."""
    ResultFolder(path).write_text(PAGE, render_path(path))
    return path / PAGE


def pictures_of(path: Path) -> tuple[Picture, ...]:
    """The main pictures of a result, or of a matrix's comparison.

    Raises:
        InputError: the folder is neither.
        ResultError, InvalidResultError: it cannot be read or compared.
    """
    if (path / "result.json").exists():
        return main_pictures(*_measured(path))
    if not (path / MATRIX_FILE).exists():
        raise InputError(f"{path}: figures are made of a result or a matrix")
    comparison, _ = comparison_of([path], THRESHOLDS, force=False)
    workloads = dict.fromkeys(one.workload for one in comparison.differences)
    found = (ratio_picture(comparison, workload, number) for number, workload in enumerate(workloads, 1))
    return tuple(one for one in found if one is not None)


def compare_paths(*paths: Path) -> str:
    """The page of a comparison of result folders, the first being the baseline.

    Raises:
        InputError, InvalidResultError, ResultError: as `comparison_of`.
    """
    return comparison_page(*comparison_of(paths, THRESHOLDS, force=False))


def comparison_page(comparison: ComparisonDocument, subjects: list[Subject]) -> str:
    """The page of a comparison with every burst behind it."""
    return render_comparison_page(
        comparison,
        {
            one.label: bursts_of(
                one.dagster_version, [(of_round.document, of_round.bursts) for of_round in one.rounds]
            )
            for one in subjects
        },
    )


def _measured(path: Path) -> tuple[ResultDocument, dict[str, pd.DataFrame]]:
    """A result, finished or not, with its levels and its raw tables."""
    folder = ResultFolder(path)
    document = folder.read_document()
    tables = {name: folder.table(name) for name in TABLES}
    if not any(cell.levels for cell in document.cells):
        document = with_levels(document, tables["bursts"], tables["replicas"])
    return document, tables


_KINDS: dict[str, Callable[[Path], str]] = {
    "result.json": lambda path: render_result(*_measured(path)),
    MATRIX_FILE: compare_paths,
    CLAIMS_FILE: lambda path: render_claims_page(read_claims(path)),
    TRIAL_FILE: lambda path: render_trial_page(read_trial(path)),
    SIZING_FILE: lambda path: render_sizing_page(read_sizing(path)),
    COMPARISON_FILE: lambda path: render_comparison_page(read_comparison(path), None),
}

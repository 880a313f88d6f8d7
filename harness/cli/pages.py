"""Any folder that the harness writes, as an HTML page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from harness.campaign.comparison import comparison_of
from harness.compare.subject import Subject
from harness.compare.verdicts import THRESHOLDS
from harness.errors import HarnessError, ResultError
from harness.report.pages.claims_page import render_claims_page
from harness.report.pages.comparison_page import render_comparison_page
from harness.report.pages.result_page import main_pictures, render_result
from harness.report.pages.sizing_page import render_sizing_page
from harness.report.pages.trend_page import render_trend_page
from harness.report.pages.trial_page import render_trial_page
from harness.report.pictures.picture import Picture
from harness.report.pictures.ratios import ratio_pictures
from harness.results.claims_document import read_claims
from harness.results.comparison_document import ComparisonDocument, read_comparison
from harness.results.folder import TABLES, ResultFolder
from harness.results.kinds import FILES, Told, kind_of
from harness.results.sizing_document import read_sizing
from harness.results.trend_document import read_entries
from harness.results.trial_document import read_trial
from harness.sizing.fitting import with_levels
from harness.views.compared import bursts_of
from harness.views.raw import complete

PAGE = "report.html"


@dataclass(frozen=True)
class Rendered:
    """A page, and the pictures of it that are worth a file of their own."""

    page: str
    main_pictures: Callable[[], tuple[Picture, ...]] = tuple


def render_path(path: Path) -> Rendered:
    """The page of a folder, whatever it holds; of a matrix, the comparison of its versions.

    Raises:
        ResultError: it holds nothing of ours, or it cannot be read.
        InputError, InvalidResultError: a matrix cannot be compared.
    """
    if not path.is_dir():
        raise ResultError(f"{path}: a folder is expected, as bench, matrix, claims, size or try write it")
    kind = kind_of(path)
    if kind is not None:
        return _KINDS[kind](path)
    entries = read_entries(path) if any(path.glob("*.json")) else []
    if not entries:
        raise ResultError(
            f"{path}: nothing to report; a folder with one of {', '.join(FILES.values())} is expected, or a "
            "trend"
        )
    from harness.compare.trend_series import series_of  # what looks for steps takes a second to import

    return Rendered(render_trend_page(series_of(entries, THRESHOLDS)))


def write_page(path: Path) -> tuple[Path, Rendered]:
    """Write the page of a folder into it; the errors are those of `render_path`."""
    rendered = render_path(path)
    ResultFolder(path).write_text(PAGE, rendered.page)
    return path / PAGE, rendered


def page_or_warning(path: Path) -> Path | None:
    """Write the page of a folder whose result is safe already; None, with a warning, where that fails.

    What was measured counts, and with it the exit code: no fault of a picture may take its place.
    """
    try:
        page, _ = write_page(path)
    except Exception as error:
        told = str(error) if isinstance(error, HarnessError | OSError) else repr(error)
        typer.echo(
            f"warning: {path / PAGE}: not written: {' '.join(told.split())}; all else is there; try again "
            f"with: dagster-sizing report {path}",
            err=True,
        )
        return None
    return page


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


def _result(path: Path) -> Rendered:
    """Of a result, finished or not."""
    folder = ResultFolder(path)
    document = folder.read_document()
    tables = {name: folder.table(name) for name in TABLES}
    if not any(cell.levels for cell in document.cells):
        bursts, replicas = (complete(name, tables[name]) for name in ("bursts", "replicas"))
        document = with_levels(document, bursts, replicas)
    return Rendered(render_result(document, tables), lambda: main_pictures(document, tables))


def _matrix(path: Path) -> Rendered:
    comparison, subjects = comparison_of([path], THRESHOLDS, force=False)
    return Rendered(comparison_page(comparison, subjects), lambda: ratio_pictures(comparison))


def _comparison(path: Path) -> Rendered:
    comparison = read_comparison(path)
    return Rendered(render_comparison_page(comparison, None), lambda: ratio_pictures(comparison))


_KINDS: dict[Told, Callable[[Path], Rendered]] = {
    "result": _result,
    "matrix": _matrix,
    "claims": lambda path: Rendered(render_claims_page(read_claims(path))),
    "trial": lambda path: Rendered(render_trial_page(read_trial(path))),
    "size": lambda path: Rendered(render_sizing_page(read_sizing(path))),
    "comparison": _comparison,
}

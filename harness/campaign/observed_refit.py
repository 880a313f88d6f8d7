"""Computing the constants of an observed deployment again, from the raw tables of its result."""

from __future__ import annotations

from harness.errors import ResultError
from harness.results.columns import DAEMON_TICKS, PREDICTED, SCRAPES
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.sizing.observed_fit import ObservedResult, fit_observed


def write_observed(folder: ResultFolder, result: ObservedResult) -> None:
    """Write what is computed from raw tables that are in the folder."""
    folder.write_table(PREDICTED, result.predicted)
    folder.write_document(result.document)


def refit_observed(folder: ResultFolder, before: ResultDocument, force: bool) -> ObservedResult:
    """Constants fitted anew.

    Raises:
        ResultError: a raw table is missing, or shorter than the document says.
    """
    if before.observed is None:
        raise ValueError(f"{folder.path}: is no result of observe")
    fitted = before.observed.fitted
    expected = {
        SCRAPES: max(1, sum(life.scrapes for life in before.observed.lives)),
        "runs": 1 if fitted is None else max(1, fitted.runs),
    }
    if before.observed.ticks is not None:
        expected[DAEMON_TICKS] = before.observed.ticks
    tables = {name: folder.table(name) for name in expected}
    for name, rows in expected.items():
        if len(tables[name]) < rows:
            raise ResultError(
                f"{folder.path / name}.parquet: has {len(tables[name])} of {rows} rows; put the whole file "
                "back, or observe again. Nothing was written"
            )
    return fit_observed(before, tables, force)

"""What is computed from the raw tables of a result, whoever asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from harness.errors import ResultError
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.sizing.fitting import fit_result, with_levels
from harness.sizing.peak_parts import with_peak_parts

Tables = Mapping[str, pd.DataFrame]
NEEDED = ("bursts", "replicas", "processes", "steps", "runs")


def needed_tables(folder: ResultFolder) -> Tables:
    """The raw tables that a document is computed from, by name; those without data are empty.

    Raises:
        ResultError: one of them is damaged.
    """
    return {name: folder.table(name) for name in NEEDED}


def refitted(document: ResultDocument, tables: Tables, force: bool = False) -> ResultDocument:
    """The document with constants, and all that a result shows beside them.

    Raises:
        InvalidResultError: the result is not valid and `force` was not given.
    """
    bursts, replicas, processes = (tables[name] for name in ("bursts", "replicas", "processes"))
    return _with_parts(fit_result(document, bursts, replicas, processes, force=force), tables)


def releveled(document: ResultDocument, tables: Tables) -> ResultDocument:
    """The document with its levels, replicas and parts of the peak, but no constants: of any result."""
    return _with_parts(with_levels(document, tables["bursts"], tables["replicas"]), tables)


def refuse_poorer(path: Path, bursts: pd.DataFrame, before: ResultDocument, after: ResultDocument) -> None:
    """Refuse to write a document that lost what it had, for want of a raw table or a part of one.

    Raises:
        ResultError: naming what would be lost.
    """
    whole = bursts[bursts["phase"] != "disturbed"] if len(bursts) else bursts
    for then, now in zip(before.cells, after.cells, strict=True):
        there = int((whole["cell_id"] == then.cell_id).sum()) if len(whole) else 0
        if then.state == "finished" and there < then.planned_bursts:
            raise ResultError(
                f"{path / 'bursts.parquet'}: has {there} of the {then.planned_bursts} bursts of "
                f"{then.cell_id}; put the whole file back, or measure again. Nothing was written"
            )
        had, has = ({one.name for one in cell.constants if one.value is not None} for cell in (then, now))
        lost = [*sorted(had - has), *(["peak_parts"] if then.peak_parts and not now.peak_parts else [])]
        if lost:
            raise ResultError(
                f"{path}: {', '.join(lost)} of {then.cell_id} would be lost: raw tables are missing; "
                "put them back, or measure again. Nothing was written"
            )


def _with_parts(document: ResultDocument, tables: Tables) -> ResultDocument:
    return with_peak_parts(document, *(tables[name] for name in ("bursts", "processes", "steps", "runs")))

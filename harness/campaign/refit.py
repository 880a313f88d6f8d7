"""What is computed from the raw tables of a result folder, whoever asks for it."""

from __future__ import annotations

from harness.errors import ResultError
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.sizing.fitting import fit_result, with_levels
from harness.sizing.peak_parts import with_peak_parts


def refitted(folder: ResultFolder, document: ResultDocument, force: bool = False) -> ResultDocument:
    """The document with constants, and all that a result shows beside them.

    Raises:
        InvalidResultError: the result is not valid and `force` was not given.
        ResultError: a raw table is damaged.
    """
    bursts, replicas, processes = (folder.table(name) for name in ("bursts", "replicas", "processes"))
    fitted = fit_result(document, bursts, replicas, processes, force=force)
    return _with_parts(folder, fitted)


def refuse_poorer(folder: ResultFolder, before: ResultDocument, after: ResultDocument) -> None:
    """Refuse to write a document that lost what it had, for want of a raw table or a part of one.

    Raises:
        ResultError: naming what would be lost.
    """
    counted = folder.table("bursts")
    for then, now in zip(before.cells, after.cells, strict=True):
        whole = counted[counted["phase"] != "disturbed"] if len(counted) else counted
        bursts = int((whole["cell_id"] == then.cell_id).sum()) if len(whole) else 0
        if then.state == "finished" and bursts < then.planned_bursts:
            raise ResultError(
                f"{folder.path / 'bursts.parquet'}: has {bursts} of the {then.planned_bursts} bursts of "
                f"{then.cell_id}; put the whole file back, or measure again. Nothing was written"
            )
        had, has = ({one.name for one in cell.constants if one.value is not None} for cell in (then, now))
        lost = [*sorted(had - has), *(["peak_parts"] if then.peak_parts and not now.peak_parts else [])]
        if lost:
            raise ResultError(
                f"{folder.path}: {', '.join(lost)} of {then.cell_id} would be lost: raw tables are missing; "
                "put them back, or measure again. Nothing was written"
            )


def releveled(folder: ResultFolder, document: ResultDocument) -> ResultDocument:
    """The document with its levels, replicas and parts of the peak, but no constants: of any result.

    Raises:
        ResultError: a raw table is damaged.
    """
    return _with_parts(folder, with_levels(document, folder.table("bursts"), folder.table("replicas")))


def _with_parts(folder: ResultFolder, document: ResultDocument) -> ResultDocument:
    bursts, processes = folder.table("bursts"), folder.table("processes")
    return with_peak_parts(document, bursts, processes, folder.table("steps"), folder.table("runs"))

"""What is computed from the raw tables of a result folder, whoever asks for it."""

from __future__ import annotations

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


def releveled(folder: ResultFolder, document: ResultDocument) -> ResultDocument:
    """The document with its levels, replicas and parts of the peak, but no constants: of any result.

    Raises:
        ResultError: a raw table is damaged.
    """
    return _with_parts(folder, with_levels(document, folder.table("bursts"), folder.table("replicas")))


def _with_parts(folder: ResultFolder, document: ResultDocument) -> ResultDocument:
    bursts, processes = folder.table("bursts"), folder.table("processes")
    return with_peak_parts(document, bursts, processes, folder.table("steps"), folder.table("runs"))

"""Where the time of a result went. Pure."""

from __future__ import annotations

from harness.results.result_document import ResultDocument
from harness.results.stages import summed


def seconds_by_stage(document: ResultDocument, whole: float | None = None) -> dict[str, float]:
    """Seconds of all cells and of what came beside them, by stage in their order.

    Args:
        document: of the result; an older one tells of none.
        whole: seconds that the command took; what no stage has of them is `other`.
    """
    found = summed([*(cell.spent for cell in document.cells), document.spent])
    if not found or whole is None:
        return found
    rest = max(0.0, whole - sum(found.values()))
    return summed([found, {"other": rest}])

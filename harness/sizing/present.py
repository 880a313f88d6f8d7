"""What an observed server has at present. Pure."""

from __future__ import annotations

from harness.results.result_document import ResultDocument
from harness.results.sizing_document import PresentRecord


def present_of(document: ResultDocument) -> PresentRecord | None:
    """The limits of its last life and its worst day; None of a result that is not observed."""
    observed = document.observed
    if observed is None:
        return None
    last = observed.lives[-1]
    return PresentRecord(
        memory_limit_bytes=last.memory_limit_bytes,
        cpu_limit_cores=last.cpu_limit_cores,
        worst_day=observed.worst_day,
    )

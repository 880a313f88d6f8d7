"""What coming up took, and how long to wait for it. Pure."""

from __future__ import annotations

import math
from statistics import fmean

from harness.results.result_document import CellRecord

MARGIN = 3
"""The time to allow is so many times what was measured: disks may be cold and CPUs busy."""
STEP_SECONDS = 10
AGENT_SECONDS = 180
"""How long Dagster+'s agents and `dagster dev` wait for a code server unless they are told otherwise
(`server_process_startup_timeout`, `code_servers.local_startup_timeout`)."""


def import_seconds(cell: CellRecord) -> float | None:
    """Mean time of importing the code; None where it was not timed."""
    imports = () if cell.start is None else cell.start.imports
    return fmean(one.seconds for one in imports) if imports else None


def import_memory_bytes(cell: CellRecord) -> float | None:
    """Mean memory that importing the code took; None where it could not be read."""
    imports = () if cell.start is None else cell.start.imports
    known = [one.memory_bytes for one in imports if one.memory_bytes is not None]
    return fmean(known) if known else None


def answer_seconds(cell: CellRecord) -> float | None:
    """How long the slowest code server took until it answered; None where it was not timed."""
    return None if cell.start is None else max(cell.start.answer_seconds, default=None)


def allowed_seconds(cell: CellRecord) -> int | None:
    """How long a code server should be given until it has to answer, in whole steps; None where not known."""
    slowest = answer_seconds(cell)
    return None if slowest is None else STEP_SECONDS * math.ceil(MARGIN * slowest / STEP_SECONDS)

"""What pictures of a running experiment show."""

from __future__ import annotations

from typing import Any

from harness.results.live_document import LiveDocument
from harness.views.units import MIB

Rows = list[dict[str, Any]]


def live_rows(live: LiveDocument) -> Rows:
    """The readings as rows: `seconds` (0 is now, earlier is negative), `replica`, `memory_mib`, `cpu_cores`
    and `runs`; None for what is not known."""
    return [
        {
            "seconds": round(one.at_epoch_seconds - live.written_epoch_seconds, 1),
            "replica": one.replica,
            "memory_mib": None if one.memory_bytes is None else round(one.memory_bytes / MIB, 1),
            "cpu_cores": None if one.cpu_cores is None else round(one.cpu_cores, 3),
            "runs": one.runs,
        }
        for one in live.readings
    ]

"""Memory over time in a few numbers: for a line of text. Pure."""

from __future__ import annotations

import numpy as np

from harness.results.folder import Columns

COURSE_COLUMNS = ("cell_id", "at_epoch_seconds", "memory_bytes")
"""Of the table `samples`."""


def memory_courses(samples: Columns, parts: int) -> dict[str, list[float]]:
    """Highest memory in bytes, of any code server, in each of `parts` stretches of as many readings, by cell.

    Fewer where there are fewer readings; no cell where a column is missing. Time in which nothing was read,
    as before a `--resume`, has no part in it.
    """
    if any(name not in samples for name in COURSE_COLUMNS):
        return {}
    cells, at, memory = (samples[name] for name in COURSE_COLUMNS)
    found = {}
    for cell in np.unique(cells):
        own = np.flatnonzero(cells == cell)
        known = memory[own[np.argsort(at[own], kind="stable")]].astype(np.float64)
        known = known[np.isfinite(known)]
        stretches = np.array_split(known, min(parts, len(known)) or 1)
        found[str(cell)] = [float(part.max()) for part in stretches if len(part)]
    return found

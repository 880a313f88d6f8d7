"""Memory over time in a few numbers: for a line of text. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd


def memory_course(samples: pd.DataFrame, parts: int) -> list[float]:
    """Highest memory in bytes, of any code server, in each of `parts` stretches of as many readings.

    Fewer where there are fewer readings. Time in which nothing was read, as before a `--resume`, has no part
    in it.
    """
    if samples.empty:
        return []
    known = samples.sort_values("at_epoch_seconds")["memory_bytes"].dropna().to_numpy(np.float64)
    return [float(part.max()) for part in np.array_split(known, min(parts, len(known)) or 1) if len(part)]

"""Fewer points that look the same: for pictures of long experiments. Pure.

MinMaxLTTB (Van Der Donckt et al. 2023, doi:10.48550/arXiv.2305.00332): the extremes of many small windows are
kept first, and of those the points that shape the line most. No peak and no trough gets lost by more than the
width of a pixel.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from tsdownsample import MinMaxLTTBDownsampler

MOST_POINTS = 1500
"""Of one line: about one for each pixel of a wide screen."""


def thin(frame: pd.DataFrame, x: str, y: str, most: int = MOST_POINTS) -> pd.DataFrame:
    """At most `most` rows of a table that is sorted by `x`, those that shape the line of `y`.

    The rows with the highest and the lowest `y` are always among them; rows without `y` are left out.
    """
    known = frame[frame[y].notna()]
    if len(known) <= most:
        return known
    values = known[y].to_numpy(np.float64)
    downsampler = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]
    chosen = downsampler.downsample(known[x].to_numpy(np.float64), values, n_out=most - 2)
    kept = np.union1d(chosen.astype(np.int64), [int(values.argmin()), int(values.argmax())])
    return known.iloc[kept]

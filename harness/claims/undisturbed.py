"""Bursts whose memory and CPU stand for their runs: drained, and nothing killed at the limit. Pure."""

from __future__ import annotations

import pandas as pd

from harness.claims.figures import column


def undisturbed(bursts: pd.DataFrame) -> pd.DataFrame:
    """The bursts that drained and in which the kernel killed nothing: a peak at the limit is the limit's."""
    whole: pd.DataFrame = bursts[(column(bursts, "drained") == 1) & ~(column(bursts, "oom_kills") > 0)]
    return whole

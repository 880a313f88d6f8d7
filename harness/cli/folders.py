"""Where commands put what they make, unless they are told."""

from __future__ import annotations

import datetime
from pathlib import Path


def new_folder(name: str) -> Path:
    """`results/NAME-TIME`, for what is measured now."""
    return Path("results") / f"{name}-{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}"

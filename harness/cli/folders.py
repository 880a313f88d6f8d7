"""Where commands put what they make, unless they are told."""

from __future__ import annotations

import datetime
from pathlib import Path

from harness.errors import ResultError
from harness.results.folder import ResultFolder


def new_folder(name: str) -> Path:
    """`results/NAME-TIME`, for what is measured now."""
    return Path("results") / f"{name}-{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}"


def free_folder(out: Path | None, name: str) -> ResultFolder:
    """The folder that was asked for, or a new one; ResultError where it holds a result already."""
    folder = ResultFolder(out or new_folder(name))
    if folder.exists:
        raise ResultError(f"{folder.path}: holds a result already; choose another --out")
    return folder

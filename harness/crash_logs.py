"""Logs of internal errors: a few, in the user's state folder."""

from __future__ import annotations

import os
import time
import traceback
import uuid
from pathlib import Path

import platformdirs

MOST = 20
"""So many are kept; the oldest goes when there is one more."""
OLD_SECONDS = 7 * 86400.0
"""`clean` removes those that are older."""


def state_folder() -> Path:
    """Where the harness keeps what it has to remember; made if need be."""
    named = os.environ.get("DAGSTER_SIZING_STATE")
    folder = Path(named) if named else platformdirs.user_state_path("dagster-sizing")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_crash_log(error: BaseException) -> Path:
    """Keep the traceback of an error; the file it is in."""
    folder = state_folder() / "crashes"
    folder.mkdir(exist_ok=True)
    file = folder / f"{uuid.uuid4().hex[:12]}.log"
    file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    for older in _newest_first(folder)[MOST:]:
        older.unlink(missing_ok=True)
    return file


def remove_old_crash_logs() -> int:
    """Remove those that nobody is going to report any more; how many there were."""
    old = [file for file in _newest_first(state_folder() / "crashes") if _age(file) > OLD_SECONDS]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.log"), key=_age)


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return float("inf")

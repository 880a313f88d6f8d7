"""When something was measured or computed, as documents tell it."""

from __future__ import annotations

import datetime


def timestamp() -> str:
    """Now, in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

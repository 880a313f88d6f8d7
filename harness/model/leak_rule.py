"""When memory that is left behind is called a leak. Pure, and without anything that takes long to import."""

from __future__ import annotations

LEAKS = ("leak_bytes_per_run", "leak_bytes_per_tick")
"""The constants that tell of one."""
LEAK_FLOOR_BYTES = 0.1 * 2**20
"""A leak is called one where the whole interval is above this: less, and nobody restarts a server for it."""


def is_leak(constant: str, low: float | None) -> bool:
    """Whether a constant tells of a leak beyond doubt, by the lower end of its interval, where it has one."""
    return constant in LEAKS and low is not None and low > LEAK_FLOOR_BYTES

"""The units in which pictures show figures. Pure."""

from __future__ import annotations

MIB = 1024 * 1024
_SHOWN: dict[str, tuple[float, str]] = {"bytes": (MIB, "MiB"), "seconds": (1, "s")}


def in_shown_unit(unit: str) -> tuple[float, str]:
    """What a figure is divided by to be shown, and the unit that it has then: bytes in MiB, seconds in s."""
    return _SHOWN.get(unit, (1, unit))

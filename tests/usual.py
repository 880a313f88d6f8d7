"""What every experiment gives, whatever its scenario asks for."""

from __future__ import annotations

from collections.abc import Collection

from harness.model.bursts import Fired
from harness.model.constants import constants_of

ASKED_FOR = ("health_check", "reload", "webserver", "daemon")
"""Begins of the names of constants that a scenario has to ask for."""


def usual_constants(fired: Fired, asked_for: Collection[str] = ()) -> set[str]:
    """Names of all constants, but only those that are asked for of what has to be."""
    others = tuple(f"{begin}_" for begin in ASKED_FOR if begin not in asked_for)
    return {one.name for one in constants_of(fired) if not one.name.startswith(others)}

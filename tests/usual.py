"""What every experiment gives, whatever its scenario asks for."""

from __future__ import annotations

from harness.model.bursts import Fired
from harness.model.constants import constants_of


def usual_constants(fired: Fired) -> set[str]:
    """Names of all constants but those what a scenario has to ask for."""
    asked = ("health_check_", "reload_", "webserver_", "daemon_")
    return {one.name for one in constants_of(fired) if not one.name.startswith(asked)}

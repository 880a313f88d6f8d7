"""What compose.yaml is told that its variables cannot say: commands, environments and health checks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.scenario.cells import Cell
from harness.scenario.model import LocationSection, Scenario
from harness.stack.server_command import (
    health_check_arguments,
    server_settings,
    start_arguments,
    target_arguments,
    webserver_settings,
)

GRPC_PORT = 4000


def override(scenario: Scenario, cell: Cell, command: list[str], agent: Mapping[str, str]) -> dict[str, Any]:
    """The document that goes over compose.yaml.

    Args:
        scenario: with its own image, or without.
        cell: how its code server is started.
        command: of the code server.
        agent: further environment of it.
    """
    settings = dict(agent) | server_settings(scenario, cell)
    server: dict[str, Any] = {
        "command": [_literal(word) for word in command],
        "environment": {k: _literal(v) for k, v in settings.items()},
    }
    if cell.health_check_seconds:
        server["healthcheck"] = {
            "test": ["CMD", "dagster", *health_check_arguments(GRPC_PORT)],
            "interval": f"{cell.health_check_seconds:g}s",
            "timeout": "10s",
        }
    if scenario.sampling.ping_hz:
        server["ports"] = [f"127.0.0.1::{GRPC_PORT}"]
    if scenario.location is not None and scenario.location.image is not None:
        server["read_only"] = False  # what the user's own image writes to is its own affair
    webserver: dict[str, Any] = {"environment": webserver_settings(scenario)}
    daemon: dict[str, Any] = dict(webserver)
    if scenario.sampling.companions_hz:
        # The checks of compose.yaml start a Python each time, which would be charged to what is read.
        webserver["healthcheck"] = {"test": ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000"]}
        daemon["healthcheck"] = {"test": ["NONE"]}
    return {"services": {"code-server": server, "webserver": webserver, "daemon": daemon}}


def server_command(cell: Cell, location: LocationSection, server_id: str) -> list[str]:
    """The command of a code server's container.

    Args:
        cell: how it is started.
        location: its code, as it is found inside the image.
        server_id: the same for all replicas.
    """
    if location.command:
        return list(location.command)
    argv = ["dagster", *start_arguments(cell), "--host", "0.0.0.0", *target_arguments(location)]
    # Replicas are one server to the webserver, which else reloads the code each time it meets another.
    argv += ["--fixed-server-id", server_id]
    if cell.locations == 1:
        return [*argv, "--port", str(GRPC_PORT)]
    others = " ".join(str(GRPC_PORT + number) for number in range(1, cell.locations))
    script = f'for port in {others}; do "$@" --port $port & done; exec "$@" --port {GRPC_PORT}'
    return ["sh", "-c", script, "sh", *argv]


def _literal(text: str) -> str:
    """`text` so that compose does not take a dollar sign in it for a variable."""
    return text.replace("$", "$$")

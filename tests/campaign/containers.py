"""The containers of the experiment that a fault is done to. No other may be measured in the engine."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import docker
from docker.errors import APIError, DockerException

from harness.errors import MachineError
from harness.stack.engine import LABEL, connect, engine_host

SERVICE, NUMBER = "com.docker.compose.service", "com.docker.compose.container-number"
SAMPLER = "collector"


def _command(name: str, usual: str) -> list[str]:
    return shlex.split(os.environ.get(name, usual))


@dataclass(frozen=True)
class EngineSwitch:
    """What stops the Docker engine and starts it; `ENGINE_STOP` and `ENGINE_START` name other commands."""

    stopping: list[str] = field(
        default_factory=lambda: _command("ENGINE_STOP", "systemctl stop docker.socket docker.service")
    )
    starting: list[str] = field(
        default_factory=lambda: _command("ENGINE_START", "systemctl start docker.socket docker.service")
    )

    def stop(self) -> None:
        """Returns when it has stopped."""
        subprocess.run(self.stopping, check=True, capture_output=True)

    def start(self) -> None:
        """Returns when it answers."""
        subprocess.run(self.starting, check=True, capture_output=True)


def killers(service: str) -> list[Callable[[], bool]]:
    """What kills a container of that service, one for each, and says whether it did."""
    with suppress(DockerException, MachineError):
        client = connect(engine_host())
        return [_killer(client, one["Id"]) for one in _of_experiments(client) if _service(one) == service]
    return []


def _killer(client: docker.DockerClient, container: str) -> Callable[[], bool]:
    def kill() -> bool:
        try:
            client.api.kill(container)
        except APIError:  # it has ended by itself, or is only just starting
            return False
        return True

    return kill


@contextmanager
def paused() -> Iterator[None]:
    """Every container of the experiment, if it has any, paused until the block is left."""
    with ExitStack() as stack:
        with suppress(DockerException, MachineError):
            client = connect(engine_host())
            for one in _of_experiments(client):
                client.api.pause(one["Id"])
                stack.callback(_go_on, client, one["Id"])
        yield


def _go_on(client: docker.DockerClient, container: str) -> None:
    with suppress(APIError):
        client.api.unpause(container)


def _of_experiments(client: docker.DockerClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.api.containers(filters={"label": LABEL})
    return sorted(found, key=lambda one: str(one["Names"]))


def _service(container: dict[str, Any]) -> str:
    """Its service; empty for what only uses the image of one, whose labels a container gets too."""
    labels = container["Labels"]
    service = str(labels.get(SERVICE, ""))
    return service if NUMBER in labels or service == SAMPLER else ""

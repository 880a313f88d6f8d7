"""The containers of the experiment that a fault is done to. No other may be measured in the engine."""

from __future__ import annotations

import os
import random
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import docker
from docker.errors import APIError, DockerException

from harness.errors import MachineError
from harness.stack.engine import LABEL, connect, engine_host

SERVICE, NUMBER = "com.docker.compose.service", "com.docker.compose.container-number"
SAMPLER = "collector"


def stop_engine() -> None:
    """Stop the Docker engine, by the command `ENGINE_STOP` where there is one."""
    _run("ENGINE_STOP", "systemctl stop docker.socket docker.service")


def start_engine() -> None:
    """Start the Docker engine, by the command `ENGINE_START` where there is one."""
    _run("ENGINE_START", "systemctl start docker.socket docker.service")


def _run(name: str, usual: str) -> None:
    subprocess.run(shlex.split(os.environ.get(name, usual)), check=True, capture_output=True)


def kill_one(service: str, chance: random.Random) -> bool:
    """Kill a container of that service, chosen by chance; whether there was one that could be killed."""
    with suppress(DockerException, MachineError), closing(connect(engine_host())) as client:
        found = [one["Id"] for one in _of_experiments(client) if _service(one) == service]
        if found:
            client.api.kill(chance.choice(found))  # refused where it has ended, or is only just starting
            return True
    return False


@contextmanager
def paused() -> Iterator[None]:
    """Every container of the experiment, if it has any, paused until the block is left."""
    with ExitStack() as stack:
        with suppress(DockerException, MachineError):
            client = stack.enter_context(closing(connect(engine_host())))
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

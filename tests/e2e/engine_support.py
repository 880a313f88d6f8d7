"""Looks into the engine from outside the harness."""

from __future__ import annotations

import time
from collections.abc import Callable

import docker


def things(client: docker.DockerClient) -> dict[str, set[str]]:
    """Everything in the engine that an experiment may add to."""
    return {
        "containers": {c["Id"] for c in client.api.containers(all=True)},
        # by name: an engine that starts again makes its own anew
        "networks": {n["Name"] for n in client.api.networks()},
        "volumes": {v["Name"] for v in client.api.volumes()["Volumes"] or ()},
        "images": {tag for i in client.api.images() for tag in i["RepoTags"] or [i["Id"]]},
    }


def running(client: docker.DockerClient, service: str) -> list[str]:
    """Ids of the running containers of one service, of whichever experiment."""
    labels = [f"com.docker.compose.service={service}", "com.docker.compose.container-number"]
    return [c["Id"] for c in client.api.containers(filters={"label": labels})]


def until(found: Callable[[], bool], timeout: float = 60) -> None:
    """Wait for `found`; fails when it does not come."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if found():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {timeout:g}s")

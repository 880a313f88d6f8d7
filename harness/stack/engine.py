"""The Docker engine: whether one answers that can run the compose stack, and what is ours in it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound

from harness.errors import MachineError
from harness.stack.ssh_tunnel import SCHEME, engine_socket

LABEL = "dagster-sizing.experiment"
"""Carried by every container, network, volume and image, with the id of its experiment."""

OLDEST_API = (1, 40)
"""Engine 19.03, the first whose BuildKit takes secrets."""

_CLOCK_ANSWERS = 3
_OR_PROCESSES = "or use --stack process, which needs no Docker"


@dataclass(frozen=True)
class EngineInfo:
    """What an engine says of itself."""

    version: str
    api_version: tuple[int, int]
    compose_version: str
    cgroup_version: int
    cgroup_driver: str
    operating_system: str
    kernel: str
    architecture: str
    cpus: int
    memory_bytes: int
    warnings: tuple[str, ...]

    @property
    def in_virtual_machine(self) -> bool:
        """Whether a virtual machine of Docker's own lies between, as on macOS and Windows."""
        return "Docker Desktop" in self.operating_system or "linuxkit" in self.kernel

    def fingerprint(self) -> dict[str, Any]:
        """What a result keeps of it."""
        return {
            "docker": self.version,
            "compose": self.compose_version,
            "cgroup_version": self.cgroup_version,
            "cgroup_driver": self.cgroup_driver,
            "operating_system": self.operating_system,
            "kernel": self.kernel,
            "architecture": self.architecture,
            "cpu_count": self.cpus,
            "memory_total_bytes": self.memory_bytes,
        }


def connect(host: str) -> docker.DockerClient:
    """A client of the engine at `host`.

    Raises:
        MachineError: no engine answers; one line with the fix.
    """
    try:
        _knock(host)
        if host.startswith(SCHEME):
            client = docker.DockerClient(base_url=engine_socket(host))
        elif host == os.environ.get("DOCKER_HOST"):
            client = docker.from_env()
        else:
            client = docker.DockerClient(base_url=host)
        client.ping()
    except (DockerException, OSError) as error:
        raise MachineError(_unreachable(host, str(error))) from None
    return client


def _knock(host: str) -> None:
    """OSError where nothing listens on a Unix socket: docker-py then leaves its own open."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(host.removeprefix("unix://"))


def engine_host() -> str:
    """Address of the engine that the `docker` command talks to: DOCKER_HOST, else its context's."""
    named = os.environ.get("DOCKER_HOST")
    if named:
        return named
    answer = _docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    return answer or "unix:///var/run/docker.sock"


def is_elsewhere(host: str) -> bool:
    """Whether an engine's address is that of another machine, as far as this machine can reach it."""
    return host.startswith(SCHEME)


def require_engine() -> tuple[docker.DockerClient, EngineInfo]:
    """A client of an engine that can run the compose stack.

    Raises:
        MachineError: none does; one line with the fix.
    """
    if shutil.which("docker") is None:
        raise MachineError(
            "Docker is not installed; install Docker Engine with Compose v2 "
            f"(https://docs.docker.com/engine/install/), {_OR_PROCESSES}"
        )
    client = connect(engine_host())
    info = inspect_engine(client)
    if not info.compose_version:
        raise MachineError(
            "`docker compose` is missing or older than 2; install the docker-compose-plugin "
            f"(https://docs.docker.com/compose/install/), {_OR_PROCESSES}"
        )
    if info.api_version < OLDEST_API or os.environ.get("DOCKER_BUILDKIT") == "0":
        raise MachineError(
            "images are built with BuildKit: unset DOCKER_BUILDKIT, and use Docker Engine 19.03 or newer, "
            f"{_OR_PROCESSES}"
        )
    return client, info


def engine_fingerprint() -> dict[str, Any]:
    """What a result keeps of the engine it was measured on.

    Raises:
        MachineError: no engine answers that can run the compose stack.
    """
    client, info = require_engine()
    client.close()
    return info.fingerprint() | ({"elsewhere": True} if is_elsewhere(engine_host()) else {})


def clock_offset(client: docker.DockerClient) -> float:
    """Seconds by which the engine's clock is ahead of this machine's, give or take half an answer's time.

    Of several answers it is that of the quickest.
    """
    asked = []
    for _ in range(_CLOCK_ANSWERS):
        before = time.time()
        told = datetime.fromisoformat(client.info()["SystemTime"]).timestamp()
        after = time.time()
        asked.append((after - before, told - (before + after) / 2))
    return min(asked)[1]


def inspect_engine(client: docker.DockerClient) -> EngineInfo:
    """What the engine says of itself; `compose_version` is empty where Compose v2 is missing."""
    info, version = client.info(), client.version()
    major, minor = str(version["ApiVersion"]).split(".")[:2]
    compose = _docker("compose", "version", "--short").removeprefix("v")
    return EngineInfo(
        version=str(version["Version"]),
        api_version=(int(major), int(minor)),
        compose_version=compose if compose[:1].isdigit() and int(compose.split(".")[0]) >= 2 else "",
        cgroup_version=int(info.get("CgroupVersion") or 1),
        cgroup_driver=str(info.get("CgroupDriver", "")),
        operating_system=str(info.get("OperatingSystem", "")),
        kernel=str(info.get("KernelVersion", "")),
        architecture=str(info.get("Architecture", "")),
        cpus=int(info.get("NCPU", 0)),
        memory_bytes=int(info.get("MemTotal", 0)),
        warnings=tuple(info.get("Warnings") or ()),
    )


@dataclass(frozen=True)
class Removed:
    """How many things of an experiment were removed from the engine."""

    containers: int = 0
    networks: int = 0
    volumes: int = 0
    images: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.containers + self.networks + self.volumes + self.images

    def __add__(self, other: Removed) -> Removed:
        return Removed(
            self.containers + other.containers,
            self.networks + other.networks,
            self.volumes + other.volumes,
            self.images + other.images,
        )


def remove_experiment(client: docker.DockerClient, experiment: str) -> Removed:
    """Remove everything that carries the label of one experiment, and nothing else."""
    label = {"label": f"{LABEL}={experiment}"}
    containers = client.api.containers(all=True, filters=label)
    for container in containers:
        _gone(client.api.remove_container, container["Id"], force=True, v=True)
    networks = client.api.networks(filters=label)
    for network in networks:
        _gone(client.api.remove_network, network["Id"])
    volumes = client.api.volumes(filters=label)["Volumes"] or []
    for volume in volumes:
        _gone(client.api.remove_volume, volume["Name"], force=True)
    # by tag: an image that others were built upon loses its name and keeps its layers
    tags = [tag for image in client.api.images(filters=label) for tag in image["RepoTags"] or [image["Id"]]]
    for tag in tags:
        _gone(client.api.remove_image, tag, force=True)
    return Removed(len(containers), len(networks), len(volumes), len(tags))


def _gone(remove: Any, name: str, **options: Any) -> None:
    """Remove one thing; that it is gone already, or being removed, is as good."""
    try:
        remove(name, **options)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != 409:
            raise


def _docker(*arguments: str) -> str:
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _unreachable(host: str, why: str) -> str:
    if "Permission denied" in why:
        return (
            f"no right to talk to Docker at {host}; add yourself to the group docker "
            f"(sudo usermod -aG docker $USER, then log in anew), {_OR_PROCESSES}"
        )
    return (
        f"no Docker daemon answers at {host}; start it (sudo systemctl start docker, or Docker Desktop), "
        f"or name another with DOCKER_HOST, {_OR_PROCESSES}"
    )


def container_state(client: docker.DockerClient, container_id: str) -> dict[str, Any]:
    """The engine's record of one container's state; empty where it is gone."""
    try:
        state: dict[str, Any] = client.api.inspect_container(container_id)["State"]
    except NotFound:
        return {}
    return state

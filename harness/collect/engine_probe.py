"""A container of a Docker engine, local or forwarded (DOCKER_HOST), read from outside."""

from __future__ import annotations

from typing import Any

import docker
import docker.errors
import requests
from docker.models.containers import Container

from harness.collect.docker_stats import reading_of
from harness.collect.reading import Reading
from harness.errors import InputError, MachineError

_PERIODS_PER_CORE = 1e9


class EngineProbe:
    """Reads a container by the engine's statistics: one request for each reading.

    It is found anew by its name where it is gone: a new one takes its place when the code is deployed.
    """

    def __init__(self, client: docker.DockerClient, container: str) -> None:
        """Find the container.

        Args:
            client: of the engine; closed with this.
            container: its name or id.

        Raises:
            InputError: there is no such container, or it does not run.
            MachineError: the engine does not answer.
        """
        self._client, self._wanted = client, container
        self.name = f"docker {container}"
        try:
            found = self._find()
        except docker.errors.NotFound:
            raise InputError(
                f"docker={container}: no such container; docker ps lists those that run"
            ) from None
        if found.status != "running":
            raise InputError(f"docker={container}: is {found.status}; start it first")

    def read(self) -> Reading:
        """Read once; see `Probe`."""
        try:
            # Without `one-shot` an engine waits a second for a second reading of the CPU.
            stats = self._client.api.stats(self._id, stream=False, one_shot=True)
            return reading_of(stats, self._cpus)
        except docker.errors.NotFound:
            self._find_again()
            raise MachineError(f"{self.name} was replaced") from None
        except (ValueError, KeyError, TypeError) as error:
            raise MachineError(f"{self.name} does not run ({_line(error)})") from None
        except (docker.errors.DockerException, requests.RequestException) as error:
            raise MachineError(f"{self.name}: {_line(error)}") from None

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _find(self) -> Container:
        try:
            found = self._client.containers.get(self._wanted)
        except docker.errors.NotFound:
            raise
        except (docker.errors.DockerException, requests.RequestException) as error:
            raise MachineError(f"{self.name}: the engine does not answer ({_line(error)})") from None
        self._id = str(found.id)
        self._cpus = _cpus(found.attrs.get("HostConfig") or {})
        return found

    def _find_again(self) -> None:
        try:
            self._find()
        except docker.errors.NotFound:
            raise MachineError(f"{self.name}: there is no such container any more") from None


def _cpus(host: dict[str, Any]) -> float | None:
    """The limit of CPU, in cores; None where there is none."""
    if host.get("NanoCpus"):
        return float(host["NanoCpus"]) / _PERIODS_PER_CORE
    if host.get("CpuQuota") and host.get("CpuPeriod"):
        return float(host["CpuQuota"]) / float(host["CpuPeriod"])
    return None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]

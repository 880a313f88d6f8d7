"""A container of the ECS task that this runs in, by the task's own metadata (version 4)."""

from __future__ import annotations

import os
from typing import Any

import requests

from harness.collect.docker_stats import reading_of
from harness.collect.reading import Reading
from harness.errors import InputError, MachineError
from harness.web_session import web_session

ADDRESS = "ECS_CONTAINER_METADATA_URI_V4"
"""Environment variable that ECS sets in every container of a task."""
_TIMEOUT_SECONDS = 10.0


class EcsProbe:
    """Reads a container of the same task: its statistics have the form of Docker's."""

    def __init__(self, container: str) -> None:
        """Find the container by its name in the task definition.

        Raises:
            InputError: this is no ECS task, or has no such container.
            MachineError: the metadata do not answer.
        """
        self._address = os.environ.get(ADDRESS, "")
        if not self._address:
            raise InputError(
                f"ecs={container}: {ADDRESS} is not set: run it as a container of the same ECS task"
            )
        self._session = web_session({}, through_proxy=False)
        containers = self._get("/task").get("Containers") or []
        names = {str(one.get("Name")): one for one in containers if isinstance(one, dict)}
        if container not in names:
            raise InputError(
                f"ecs={container}: not in this task; it has {', '.join(sorted(names)) or 'none'}"
            )
        self.name = f"ecs {container}"
        self._id = str(names[container].get("DockerId"))
        self._cpus = _cpus(names[container])

    def read(self) -> Reading:
        """Read once; see `Probe`."""
        stats = self._get("/task/stats").get(self._id)
        if not isinstance(stats, dict):
            raise MachineError(f"{self.name} does not run")
        try:
            return reading_of(stats, self._cpus)
        except (ValueError, KeyError, TypeError) as error:
            raise MachineError(f"{self.name} does not run ({error})") from None

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _get(self, path: str) -> dict[str, Any]:
        try:
            answer = self._session.get(f"{self._address}{path}", timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise MachineError(
                f"the task's metadata do not answer: {' '.join(str(error).split())[:200]}"
            ) from None
        return body if isinstance(body, dict) else {}


def _cpus(container: dict[str, Any]) -> float | None:
    """The limit of CPU, in cores: units of 1/1024 on EC2, of a core on Fargate's task as a whole."""
    units = (container.get("Limits") or {}).get("CPU")
    return float(units) / 1024 if units else None

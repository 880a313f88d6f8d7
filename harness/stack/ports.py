"""Ports: free ones of this machine, and those that an engine published, wherever it is."""

from __future__ import annotations

import socket

import docker

from harness.errors import ExperimentError, MachineError
from harness.stack.containers import Container
from harness.stack.engine import is_elsewhere
from harness.stack.ssh_tunnel import Forward

_HOST = "127.0.0.1"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on.

    Raises:
        MachineError: there is none.
    """
    try:
        with socket.socket() as probe:
            probe.bind((_HOST, 0))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise MachineError(f"no free port on {_HOST}: {error}") from None


class PublishedPorts:
    """Where ports that containers publish can be reached from this machine."""

    def __init__(self, client: docker.DockerClient, host: str) -> None:
        """Of an engine.

        Args:
            client: of it.
            host: its address.
        """
        self._client, self._host = client, host
        self._forwards: dict[str, tuple[str, Forward]] = {}
        """By the address on the engine's machine."""

    def address(self, container: Container, port: int) -> str:
        """`host:port` of a port that a container publishes.

        Raises:
            ExperimentError: it is not published.
            MachineError: ssh does not bring it here.
        """
        published = self._client.api.port(container.container_id, port)
        if not published:
            raise ExperimentError(f"port {port} of {container.name} was not published; see logs/")
        there = f"{published[0]['HostIp']}:{published[0]['HostPort']}"
        return self._brought_here(there) if is_elsewhere(self._host) else there

    def close(self) -> None:
        """Bring none here any more."""
        for _, forward in self._forwards.values():
            forward.close()

    def _brought_here(self, there: str) -> str:
        if there not in self._forwards or not self._forwards[there][1].alive:
            here = f"{_HOST}:{free_port()}"
            self._forwards[there] = (here, Forward(self._host, there, here))
        return self._forwards[there][0]

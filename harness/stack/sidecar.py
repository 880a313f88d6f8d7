"""A sampler in a container of its own, beside the code server it reads.

It shares the code server's process namespace, and through it sees the code server's own cgroup
(`/proc/1/root/sys/fs/cgroup`); its own costs are charged to its own cgroup. Lines go in and out over the
engine's attach stream, so nothing is mounted and a remote engine will do. The engine closes the sampler's
input when the harness is gone, which ends it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.utils.socket import STDOUT, frames_iter

from harness.errors import ExperimentError
from harness.stack.engine import LABEL

GRACE_SECONDS = 5
MEMORY_LIMIT = "256m"


class SidecarChannel:
    """Starts a sampler beside one container and talks to it through the engine."""

    def __init__(
        self, client: docker.DockerClient, image: str, beside: str, experiment: str, config: Any, log: Path
    ) -> None:
        self._api = client.api
        self._log = log
        try:
            self._id = self._api.create_container(
                image,
                ["--config", json.dumps(config)],
                stdin_open=True,
                labels={LABEL: experiment},
                host_config=self._api.create_host_config(
                    pid_mode=f"container:{beside}",
                    network_mode="none",
                    read_only=True,
                    cap_drop=["ALL"],
                    # Memory maps, files and open descriptors of another user's process.
                    cap_add=["SYS_PTRACE", "DAC_READ_SEARCH"],
                    security_opt=["no-new-privileges:true"],
                    mem_limit=MEMORY_LIMIT,
                ),
            )["Id"]
            streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            self._stream = self._api.attach_socket(self._id, params=streams)
            # The stream of a Unix socket wraps the socket; that of TCP or TLS is one.
            self._socket = getattr(self._stream, "_sock", self._stream)
            self._socket.settimeout(None)
            self._api.start(self._id)
        except DockerException as error:
            raise ExperimentError(f"the sampler's container did not start: {error}") from None

    def send(self, line: str) -> None:
        """Write one line to the sampler."""
        try:
            self._socket.sendall(line.encode() + b"\n")
        except OSError as error:
            raise ExperimentError(f"the sampler's container has ended ({error})") from None

    def lines(self) -> Iterator[str]:
        """Yield the sampler's lines until it ends."""
        rest = b""
        frames: Iterator[tuple[int, bytes]] = frames_iter(self._stream, tty=False)  # type: ignore[no-untyped-call]
        with self._log.open("ab") as log:
            for source, data in frames:
                if source != STDOUT:
                    log.write(data)
                    continue
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    yield line.decode()

    def close(self) -> None:
        """End the sampler and remove its container."""
        with contextlib.suppress(OSError, DockerException):
            self._api.stop(self._id, timeout=GRACE_SECONDS)
        with contextlib.suppress(OSError):
            self._stream.close()
        with contextlib.suppress(NotFound, APIError):
            self._api.remove_container(self._id, force=True)

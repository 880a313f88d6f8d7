"""The containers of one experiment while they run: which they are, how they end, what they wrote."""

from __future__ import annotations

import datetime
import re
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import requests

from harness.errors import ExperimentError
from harness.stack.base import StackEvent
from harness.stack.engine import LABEL, container_state
from harness.stack.server_command import last_line

SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
"""Only what compose started has it; the label of the service is on the images too, and so on samplers."""

OOM_GRACE_SECONDS = 2.0
_KINDS = {"oom": "oom", "die": "exit", "restart": "restart", "health_status: unhealthy": "unhealthy"}


@dataclass(frozen=True)
class Container:
    """One container of a service."""

    container_id: str
    service: str
    number: int

    @property
    def name(self) -> str:
        """Its service and number, as in `code-server-2`."""
        return f"{self.service}-{self.number}"


def containers_of(client: docker.DockerClient, experiment: str, service: str = "") -> list[Container]:
    """The containers that compose started for an experiment, samplers not among them."""
    labels = [f"{LABEL}={experiment}", NUMBER, f"{SERVICE}={service}" if service else SERVICE]
    found = client.api.containers(all=True, filters={"label": labels})
    listed = [Container(c["Id"], c["Labels"][SERVICE], int(c["Labels"][NUMBER])) for c in found]
    return sorted(listed, key=lambda c: (c.service, c.number))


@dataclass(frozen=True)
class _End:
    """The end of a container."""

    container_id: str
    at_epoch_seconds: float


class Watcher:
    """Follows the engine's events of one experiment in a thread of its own."""

    def __init__(self, client: docker.DockerClient, experiment: str, logs: Path, redact: str) -> None:
        self._client = client
        self._logs = logs
        self._redact = redact
        self._experiment = experiment
        self._events: list[StackEvent] = []
        self._ended: dict[str, _End] = {}
        """By the names of containers that have ended and were not started again."""
        self._causes: dict[_End, bool] = {}
        """Whether it was for want of memory, of the ends that were asked about."""
        self._lost = ""
        self._closing = False
        self._stream = client.events(
            decode=True, filters={"label": f"{LABEL}={experiment}", "type": "container"}
        )
        self._thread = threading.Thread(target=self._follow, name="engine-events", daemon=True)
        self._thread.start()

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """What happened so far, in order."""
        return tuple(self._events)

    def ended(self, spared: Collection[str] = ()) -> str:
        """Name of a container that has ended, the first one not `spared`; empty while all run."""
        if self._lost:
            raise ExperimentError(f"the Docker engine stopped answering ({self._lost})")
        return next((name for name in self._ended if name not in spared), "")

    def died_at(self, name: str) -> float | None:
        """When a container ended, in epoch seconds; None while it runs."""
        end = self._ended.get(name)
        return None if end is None else end.at_epoch_seconds

    def kill(self, container: Container) -> None:
        """Kill its first process, as the kernel does."""
        self._client.api.kill(container.container_id, "SIGKILL")

    def start(self, container: Container) -> None:
        """Start a container that has ended again."""
        self._client.api.start(container.container_id)
        self._ended.pop(container.name, None)
        self._events.append(StackEvent(time.time(), container.name, "restart"))

    def was_oom(self, name: str) -> bool:
        """Whether the kernel killed a container that has ended, for want of memory."""
        end = self._ended[name]
        if end not in self._causes:
            self._causes[end] = self._was_oom(name, container_state(self._client, end.container_id))
        return self._causes[end]

    def was_killed(self, name: str) -> bool:
        """Whether a signal ended a container, whoever sent it."""
        return int(container_state(self._client, self._ended[name].container_id).get("ExitCode", 0)) > 128

    def how_it_ended(self, name: str) -> str:
        """One line on the end of a container."""
        state = container_state(self._client, self._ended[name].container_id)
        code = state.get("ExitCode", "unknown")
        log = self._logs / f"{name}.log"
        if self._was_oom(name, state):
            return (
                f"{name}: the kernel killed its first process at the memory limit (exit code {code}), and "
                "every run in it is lost"
            )
        return f"{name} ended with exit code {code}: {last_line(self.log_of(name))} (whole log: {log})"

    def log_of(self, name: str) -> str:
        """What a container of the experiment wrote, without the password."""
        for container in containers_of(self._client, self._experiment):
            if container.name == name:
                text = self._client.api.logs(container.container_id).decode("utf-8", "replace")
                return text.replace(self._redact, "***") if self._redact else text
        return ""

    def save_logs(self) -> None:
        """Write what every container wrote into the folder of logs."""
        for container in containers_of(self._client, self._experiment):
            (self._logs / f"{container.name}.log").write_text(self.log_of(container.name), "utf-8")

    def close(self) -> None:
        """Stop following: what comes now is the harness's own doing."""
        self._closing = True
        self._stream.close()
        self._thread.join(5)

    def _was_oom(self, name: str, state: dict[str, Any]) -> bool:
        """Whether the kernel killed it; the engine's word for that may come after its end."""
        deadline = time.monotonic() + OOM_GRACE_SECONDS
        while time.monotonic() < deadline and state.get("ExitCode") == 137:
            if state.get("OOMKilled") or self._told_of_oom(name):
                return True
            time.sleep(0.1)
            state = container_state(self._client, self._ended[name].container_id)
        return False

    def _told_of_oom(self, name: str) -> bool:
        """Whether the engine told of a shortage of memory since the container was last started."""
        for event in reversed(self._events):
            if event.service == name and event.kind in ("oom", "restart"):
                return event.kind == "oom"
        return False

    def _follow(self) -> None:
        try:
            for event in self._stream:
                self._accept(event)
        except Exception as error:  # whatever it was, nobody follows them any more
            self._lost = str(error) or "its event stream broke"
        else:
            self._lost = "its event stream ended"
        if self._closing:
            self._lost = ""

    def _accept(self, event: dict[str, Any]) -> None:
        kind = _KINDS.get(event.get("Action", ""))
        attributes = event["Actor"]["Attributes"]
        if self._closing or kind is None or NUMBER not in attributes:
            return
        name = f"{attributes[SERVICE]}-{attributes[NUMBER]}"
        code = attributes.get("exitCode")
        last = self._events[-1] if self._events else None
        if last is not None and (last.service, last.kind, kind) == (name, "oom", "oom"):
            self._events[-1] = replace(last, times=last.times + 1)
            return
        self._events.append(
            StackEvent(
                at_epoch_seconds=event["timeNano"] / 1e9,
                service=name,
                kind=kind,
                exit_code=None if code is None else int(code),
            )
        )
        if kind == "exit":
            self._ended.setdefault(name, _End(event["Actor"]["ID"], event["timeNano"] / 1e9))


def wait_until(
    ready: Callable[[], bool], check: Callable[[], None], timeout: float, what: str, poll: float = 0.2
) -> None:
    """Wait for `ready`, calling `check` meanwhile.

    Raises:
        ExperimentError: not ready within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        check()
        if ready():
            return
        time.sleep(poll)
    raise ExperimentError(f"{what} after {timeout:g}s; raise timeouts.start")


def printed(
    client: docker.DockerClient, image: str, arguments: list[str], timeout: float, **options: Any
) -> str:
    """What the Python of an image printed; nothing where it failed or took longer than `timeout` seconds.

    Args:
        client: of the engine.
        image: which has it.
        arguments: of `python`.
        timeout: in seconds.
        options: of the container, as docker-py takes them.
    """
    container = client.containers.run(image, arguments, entrypoint="python", detach=True, **options)
    try:
        code = container.wait(timeout=max(timeout, 1.0))["StatusCode"]
        return container.logs(stderr=False).decode("utf-8", "replace") if code == 0 else ""
    except (requests.exceptions.Timeout, requests.exceptions.ConnectionError):
        return ""
    finally:
        container.remove(force=True)


def answer_seconds(client: docker.DockerClient, server: str, probe: str) -> float:
    """Seconds from the start of a container until the one that waited for it to answer had ended."""
    started = container_state(client, server)["StartedAt"]
    ended = container_state(client, probe)["FinishedAt"]
    return (_instant(ended) - _instant(started)).total_seconds()


def _instant(told: str) -> datetime.datetime:
    """A time of the engine's, which may have nanoseconds."""
    return datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", told))

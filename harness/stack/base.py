"""What every stack offers the experiment, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.scenario.cells import Cell
from harness.scenario.model import Scenario

Say = Callable[[str], None]


@dataclass(frozen=True)
class Limits:
    """What holds the code server back, and by what means."""

    enforced: bool
    method: str
    """`cgroup-v1`, `cgroup-v2`, `systemd-run`, `docker, cgroup v1`, `docker, cgroup v2` or `none`."""
    reason: str
    """Why limits are not enforced; empty where they are."""
    cpus: float
    """Of one code server."""
    memory_bytes: int
    """Of one code server."""
    host_cpus: int
    """What the machine has, limits aside."""


@dataclass(frozen=True)
class StackEvent:
    """Something that happened to a part of the stack without the harness's doing."""

    at_epoch_seconds: float
    service: str
    kind: str
    """`oom` (out of memory at its limit), `exit`, `restart` or `unhealthy`."""
    exit_code: int | None = None
    times: int = 1
    """How often in a row: an engine may tell of one shortage of memory many times."""


class Channel(Protocol):
    """Two-way line stream to a sampler that runs beside its code server."""

    def send(self, line: str) -> None:
        """Write one line to the sampler."""
        ...

    def lines(self) -> Iterable[str]:
        """Yield the sampler's lines until it ends."""
        ...

    def close(self) -> None:
        """End the sampler; no process is left afterwards."""
        ...


@dataclass(frozen=True)
class Replica:
    """One code server and the way to start a sampler that reads it."""

    name: str
    open_sampler: Callable[[float, float], Channel]
    """Called with cgroup_hz and processes_hz."""
    grpc_address: Callable[[], str]
    """Where the harness itself can ping it now, `host:port`; with `sampling.ping_hz` only."""


@dataclass(frozen=True)
class Loss:
    """A code server that has ended."""

    replica: str
    at_epoch_seconds: float
    cause: str
    """`oom` (the kernel, at the memory limit) or `exit`."""


@dataclass(frozen=True)
class ServerEnvironment:
    """What the code server runs on."""

    python_version: str
    packages: dict[str, str]
    """Every installed distribution and its version."""
    exclude_newer: str
    """Upload-date limit the dependencies were resolved with; empty where there was none."""


class RunningStack(Protocol):
    """A stack that is up and ready to take launches."""

    @property
    def graphql_url(self) -> str:
        """Where launches go."""
        ...

    @property
    def location(self) -> str:
        """Name of the code location."""
        ...

    @property
    def repository(self) -> str:
        """Name of its only repository."""
        ...

    @property
    def limits(self) -> Limits:
        """What holds the code server back."""
        ...

    @property
    def environment(self) -> ServerEnvironment:
        """What the code server runs on."""
        ...

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """The code servers."""
        ...

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """What has happened to them so far."""
        ...

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The code servers that have ended and are down now."""
        ...

    def check(self) -> None:
        """Raise ExperimentError, with the end of the log, if a part of the stack has died.

        With `server.restart` a code server's death is not one: `losses` tells of it.
        """
        ...

    def kill(self, replica: str) -> None:
        """Kill a code server as the kernel does at the memory limit."""
        ...

    def revive(self) -> None:
        """Start the lost code servers again; returns when they take connections.

        Raises:
            ExperimentError: they did not in time.
        """
        ...


class Stack(Protocol):
    """Makes running stacks."""

    def up(
        self, scenario: Scenario, cell: Cell, logs: Path, say: Say
    ) -> AbstractContextManager[RunningStack]:
        """Bring a code server up for `cell`; leaving the context takes everything down again.

        Raises:
            CodeLocationError: the code under test does not import.
            MachineError: this machine cannot run it.
            ExperimentError: it did not become ready in time.
        """
        ...

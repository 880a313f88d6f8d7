"""What an experiment is offered: code servers that are up, and control over them if there is any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.load.place import Elsewhere
from harness.observe.source import Source
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.stack.capabilities import Capability
from harness.stack.imports import Import
from harness.target.endpoint import Endpoint

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


@dataclass(frozen=True)
class Replica:
    """One code server and the way to a source that reads it."""

    name: str
    open_source: Callable[[float, float], Source]
    """Called with cgroup_hz and processes_hz; the source is not started yet."""
    grpc_address: Callable[[], str]
    """Where the harness itself can ping it now, `host:port`; with `sampling.ping_hz` only."""


@dataclass(frozen=True)
class Companion:
    """The webserver or the daemon beside the code servers, and the way to a source that reads it."""

    name: str
    """`webserver` or `daemon`."""
    open_source: Callable[[float, float], Source]
    """Called with cgroup_hz and processes_hz; the source is not started yet."""


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


@dataclass(frozen=True)
class Start:
    """What coming up took."""

    imports: tuple[Import, ...]
    """Of the code, before the code servers start, each in a process of its own; none where not timed."""
    answer_seconds: tuple[float, ...]
    """Of each code server, from the begin of its process until it took connections."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Seconds that parts of coming up took, where the stack tells them apart."""


class Control(Protocol):
    """What can be done to code servers that are up; only who started them has it."""

    def kill(self, replica: str) -> None:
        """Kill a code server as the kernel does at the memory limit."""
        ...

    def revive(self) -> None:
        """Start the lost code servers again; returns when they take connections.

        Raises:
            ExperimentError: they did not in time.
        """
        ...


class Deployment(Protocol):
    """Code servers that are up and ready to take launches."""

    @property
    def endpoint(self) -> Endpoint:
        """Where launches go."""
        ...

    @property
    def load(self) -> Elsewhere | None:
        """Where launches come from; None for this machine."""
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
    def start(self) -> Start:
        """What coming up took."""
        ...

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """The code servers."""
        ...

    @property
    def companions(self) -> tuple[Companion, ...]:
        """What runs beside them and can be read on its own."""
        ...

    @property
    def control(self) -> Control | None:
        """What can be done to them; None where they can only be looked at."""
        ...

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """What has happened to them so far."""
        ...

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The code servers that have ended and are down now, and that `control` can revive."""
        ...

    def clock_offset(self) -> float:
        """Seconds by which the clock of their machine is ahead of this one's; 0 where it is this one."""
        ...

    def node_pressure(self) -> str:
        """What their node says it is short of now, such as `MemoryPressure`; empty where nothing says so."""
        ...

    def check(self) -> None:
        """Raise ExperimentError, with the end of the log, if a part has died that cannot be revived."""
        ...


class Stack(Protocol):
    """Brings deployments up."""

    @property
    def name(self) -> str:
        """As in `--stack`."""
        ...

    @property
    def spot(self) -> str:
        """Where it measures, to tell whether other experiments do there too; empty for this machine."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do for a scenario; see `refuse`."""
        ...

    def up(self, scenario: Scenario, cell: Cell, logs: Path, say: Say) -> AbstractContextManager[Deployment]:
        """Bring a code server up for `cell`; leaving the context takes everything down again.

        Raises:
            CodeLocationError: the code under test does not import.
            MachineError: this machine cannot run it.
            ExperimentError: it did not become ready in time.
        """
        ...

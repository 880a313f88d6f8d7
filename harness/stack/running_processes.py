"""Code servers as plain processes while they run: what becomes of them."""

from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ExperimentError
from harness.stack import limited_cgroup
from harness.stack.base import Companion, Limits, Loss, Replica, ServerEnvironment, StackEvent, Start
from harness.stack.server_command import last_line
from harness.target.endpoint import Endpoint


@dataclass(frozen=True)
class Service:
    """One process of the stack."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    limited: limited_cgroup.LimitedCgroup | None = None
    """The cgroup that it was started in; None where it has none of its own."""
    scope: limited_cgroup.Scope | None = None
    """That of the user's systemd, where it was started in one."""

    def oom_kills(self) -> int:
        """How many of its processes the kernel has killed at the memory limit, as far as is known."""
        if self.scope is not None:
            self.scope.look(self.process.pid)
            return self.scope.oom_kills()
        return 0 if self.limited is None else self.limited.oom_kills()

    def log_text(self) -> str:
        """What it has written."""
        try:
            return self.log.read_text("utf-8", errors="replace")
        except OSError:
            return ""

    def log_tail(self) -> str:
        """The last line that says something."""
        return last_line(self.log_text())


@dataclass(frozen=True)
class RunningProcesses:
    """A code server and what belongs to it, up and ready."""

    endpoint: Endpoint
    limits: Limits
    environment: ServerEnvironment
    start: Start
    replicas: tuple[Replica, ...]
    companions: tuple[Companion, ...]
    services: tuple[Service, ...]

    @property
    def load(self) -> None:
        """None: launches come from this machine."""

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """Processes killed at the memory limit and services that have ended, when that was noticed."""
        ended = tuple(
            StackEvent(time.time(), service.name, "exit", code)
            for service in self.services
            if (code := service.process.poll()) is not None
        )
        kills = self.services[0].oom_kills()
        killed = (StackEvent(time.time(), self.services[0].name, "oom", times=kills),) if kills else ()
        return killed + ended

    @property
    def losses(self) -> tuple[Loss, ...]:
        """None: the death of the code server ends the experiment."""
        return ()

    @property
    def control(self) -> None:
        """None: runs outlive their plain process, as they do not in a container, so it is never killed."""

    def clock_offset(self) -> float:
        """None: all are on this machine."""
        return 0.0

    def node_pressure(self) -> str:
        """Empty: no cluster tells of it."""
        return ""

    def check(self) -> None:
        """Raise ExperimentError if one of the services has died."""
        check_not_killed(self.services[0])
        check_services(self.services)


def check_not_killed(server: Service) -> None:
    """Raise ExperimentError if a code server was killed, and say so where that was for want of memory."""
    kills, code = server.oom_kills(), server.process.poll()
    if code is None or code >= 0:
        return
    if code == -signal.SIGKILL and kills:
        raise ExperimentError(
            f"{server.name}: the kernel killed it at the memory limit, and every run in it is lost"
        )
    memory = "not the memory limit"
    if server.scope is not None:  # systemd may have removed it before anybody looked
        memory = "perhaps the memory limit: `journalctl --user -k` knows"
    raise ExperimentError(
        f"{server.name}: something killed it (signal {-code}, {signal.strsignal(-code)}), and every run in "
        f"it is lost; it was not the harness, and {memory}"
    )


def check_services(services: list[Service] | tuple[Service, ...]) -> None:
    """Raise ExperimentError for the first service that has died."""
    for service in services:
        code = service.process.poll()
        if code is not None:
            raise ExperimentError(
                f"{service.name} ended with exit code {code}: {service.log_tail()} (whole log: {service.log})"
            )

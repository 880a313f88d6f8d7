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
    def events(self) -> tuple[StackEvent, ...]:
        """Processes killed at the memory limit and services that have ended, when that was noticed."""
        ended = tuple(
            StackEvent(time.time(), service.name, "exit", code)
            for service in self.services
            if (code := service.process.poll()) is not None
        )
        limited = self.services[0].limited
        kills = limited.oom_kills() if limited else 0
        killed = (StackEvent(time.time(), self.services[0].name, "oom", times=kills),) if kills else ()
        return killed + ended

    @property
    def losses(self) -> tuple[Loss, ...]:
        """None: the death of the code server ends the experiment."""
        return ()

    @property
    def control(self) -> None:
        """None: runs outlive their plain process, as they do not in a container, so it is never killed."""

    def check(self) -> None:
        """Raise ExperimentError if one of the services has died."""
        check_not_killed(self.services[0])
        check_services(self.services)


def check_not_killed(server: Service) -> None:
    """Raise ExperimentError if a code server was killed, and say so where that was for want of memory."""
    code = server.process.poll()
    if code is None or code >= 0:
        return
    if code == -signal.SIGKILL and server.limited is not None and server.limited.oom_kills():
        raise ExperimentError(
            f"{server.name}: the kernel killed it at the memory limit, and every run in it is lost"
        )
    raise ExperimentError(
        f"{server.name}: something killed it (signal {-code}, {signal.strsignal(-code)}), and every run in "
        "it is lost; it was not the harness, and not the memory limit"
    )


def check_services(services: list[Service] | tuple[Service, ...]) -> None:
    """Raise ExperimentError for the first service that has died."""
    for service in services:
        code = service.process.poll()
        if code is not None:
            raise ExperimentError(
                f"{service.name} ended with exit code {code}: {service.log_tail()} (whole log: {service.log})"
            )

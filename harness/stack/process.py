"""The process stack: a code server in a cgroup of this host, webserver and daemon beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import psutil
import yaml

from harness.errors import CodeLocationError, ExperimentError, MachineError
from harness.interrupts import held_back
from harness.observe.client import SamplerClient
from harness.observe.source import Source
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.stack import limited_cgroup
from harness.stack.base import Companion, Limits, Replica, Say, Start
from harness.stack.capabilities import PROCESS
from harness.stack.channel import ProcessChannel, sampler_command
from harness.stack.environment import PreparedEnvironment, prepare_environment
from harness.stack.imports import Import, time_imports
from harness.stack.ledger import Ledger
from harness.stack.ports import free_port
from harness.stack.running_processes import RunningProcesses, Service, check_not_killed, check_services
from harness.stack.server_command import (
    INSTANCE_REF,
    agent_settings,
    cause,
    health_check_arguments,
    own_workloads,
    said_of_environment,
    server_settings,
    start_arguments,
    target_arguments,
    webserver_settings,
)
from harness.target.endpoint import Endpoint
from harness.target.readiness import wait_for_daemon, wait_for_location

LOCATION_NAME = "under_test"
_HOST = "127.0.0.1"
TimedImports = dict[tuple[str, float, int], tuple[Import, ...]]
"""By version, CPUs and memory."""
_COORDINATORS = {"default": "DefaultRunCoordinator", "queued": "QueuedRunCoordinator"}


class ProcessStack:
    """Makes code servers out of plain processes; needs no Docker."""

    name = "process"
    spot = ""
    capabilities = PROCESS

    def __init__(self) -> None:
        self._imports: TimedImports = {}

    @contextmanager
    def up(self, scenario: Scenario, cell: Cell, logs: Path, say: Say) -> Iterator[RunningProcesses]:
        """Bring a code server up for `cell`; leaving the context removes every trace of it.

        Raises:
            CodeLocationError: the code under test does not import.
            MachineError: this machine cannot run it.
            ExperimentError: it did not become ready in time.
        """
        began = time.monotonic()
        prepared = prepare_environment(scenario, cell.dagster_version, say)
        parts: dict[str, float] = {"environment": time.monotonic() - began}
        folder = logs / cell.cell_id
        folder.mkdir(parents=True, exist_ok=True)
        # All run at the end, the last one first, even when nobody reads any more what is said.
        with ExitStack() as cleanup:
            ledger = Ledger()
            starter = _Starter(scenario, cell, folder, prepared, ledger, say, parts, self._imports)
            cleanup.callback(starter.reap)
            cleanup.callback(ledger.close, say)
            cleanup.callback(say, "taking the code server down")
            yield starter.start()


class _Starter:
    """Starts the services of one stack in order."""

    def __init__(
        self,
        scenario: Scenario,
        cell: Cell,
        logs: Path,
        prepared: PreparedEnvironment,
        ledger: Ledger,
        say: Say,
        parts: dict[str, float],
        imports: TimedImports,
    ) -> None:
        self._scenario = scenario
        self._cell = cell
        self._logs = logs
        self._prepared = prepared
        self._ledger = ledger
        self._say = say
        self._parts = parts
        self._imports = imports
        self._services: list[Service] = []
        self._companions: list[Companion] = []
        self._agent: dict[str, str] = {}
        self._home = ledger.make_folder("dagster-sizing-")

    def start(self) -> RunningProcesses:
        timeout = self._scenario.timeouts.start
        grpc_port, web_port = free_port(), free_port()
        self._write_home(grpc_port)
        for line in said_of_environment(self._scenario):
            self._say(line)
        limited, limits = self._limits()
        imports = self._timed_imports(limited, timeout)
        self._say("starting the code server")
        if self._cell.started_as == "agent":
            self._agent = agent_settings(self._printed(["-c", INSTANCE_REF], limited, timeout))
        began = time.monotonic()
        server = self._start("code-server", self._server_argv(grpc_port), limited, self._server_env())
        self._wait_for_port(server, grpc_port, timeout)
        start = Start(imports, (time.monotonic() - began,), self._parts)
        self._start_beside(grpc_port, limited, timeout)
        self._say("starting the webserver")
        workspace = ["-w", str(self._home / "workspace.yaml")]
        web = ["-m", "dagster_webserver", "-h", _HOST, "-p", str(web_port), *workspace]
        own_env = self._plain_env() | webserver_settings(self._scenario)
        self._companion("webserver", web, own_env)
        if self._cell.coordinator == "queued":
            daemon = ["-m", "dagster._daemon", "run", *workspace]
            self._companion("daemon", daemon, own_env)
        url = f"http://{_HOST}:{web_port}/graphql"
        name, repository = wait_for_location(url, timeout, self._check_start, self._scenario.repository)
        if self._cell.coordinator == "queued":
            self._say("waiting for the daemon")
            wait_for_daemon(url, timeout, self._check_start)
        return RunningProcesses(
            endpoint=Endpoint(url, name, repository),
            limits=limits,
            environment=self._prepared.info,
            start=start,
            replicas=(
                Replica(
                    name="server",
                    open_source=self._source_opener(limited, limits, server),
                    grpc_address=lambda: f"{_HOST}:{grpc_port}",
                ),
            ),
            companions=tuple(self._companions),
            services=tuple(self._services),
        )

    def _timed_imports(
        self, limited: limited_cgroup.LimitedCgroup | None, timeout: float
    ) -> tuple[Import, ...]:
        """What importing the code takes; cells alike in what matters to it share the figures."""
        key = (self._cell.dagster_version, self._cell.cpus, self._cell.memory_bytes)
        if key not in self._imports:
            self._say("timing the import of the code")
            began = time.monotonic()
            location = self._scenario.location or own_workloads()
            self._imports[key] = time_imports(
                location, lambda argv, left: self._printed(argv, limited, left), timeout
            )
            self._parts["imports"] = time.monotonic() - began
        return self._imports[key]

    def _write_home(self, grpc_port: int) -> None:
        coordinator: dict[str, Any] = {
            "module": "dagster.core.run_coordinator",
            "class": _COORDINATORS[self._cell.coordinator],
        }
        if self._cell.max_concurrent_runs is not None:
            coordinator["config"] = {"max_concurrent_runs": self._cell.max_concurrent_runs}
        instance = {"telemetry": {"enabled": False}, "run_coordinator": coordinator}
        server = {"host": _HOST, "port": grpc_port, "location_name": LOCATION_NAME}
        workspace = {"load_from": [{"grpc_server": server}]}
        (self._home / "dagster.yaml").write_text(yaml.safe_dump(instance))
        (self._home / "workspace.yaml").write_text(yaml.safe_dump(workspace))

    def _limits(self) -> tuple[limited_cgroup.LimitedCgroup | None, Limits]:
        cpus, memory, host_cpus = self._cell.cpus, self._cell.memory_bytes, os.cpu_count() or 1
        try:
            limited = limited_cgroup.make(cpus, memory, self._ledger.add_cgroup)
        except limited_cgroup.NoCgroupError as error:
            if limited_cgroup.has_user_systemd():
                return None, Limits(True, "systemd-run", "", cpus, memory, host_cpus)
            self._say(f"limits: not enforced ({error})")
            return None, Limits(False, "none", str(error), cpus, memory, host_cpus)
        return limited, Limits(True, limited.method, "", cpus, memory, host_cpus)

    def reap(self) -> None:
        """Take note that the services have ended, which the ledger has seen to."""
        for service in self._services:
            service.process.poll()

    def _server_argv(self, port: int) -> list[str]:
        location = self._scenario.location or own_workloads()
        command = ["-m", "dagster", *start_arguments(self._cell)]
        argv = [*command, "-h", _HOST, "-p", str(port), *target_arguments(location)]
        argv += ["--use-python-environment-entry-point", "--inject-env-vars-from-instance"]
        return self._python(argv)

    def _python(self, arguments: list[str]) -> list[str]:
        return [str(self._prepared.python), *arguments]

    def _printed(
        self, arguments: list[str], limited: limited_cgroup.LimitedCgroup | None, timeout: float
    ) -> str:
        """What Python printed in the code server's place; nothing where it failed or took too long."""
        argv = self._python(arguments)
        output = self._home / "printed"
        with output.open("wb") as stream:
            entered = argv if limited is None else limited.enter(argv)
            process = self._spawn(entered, self._server_env(), stream, subprocess.DEVNULL)
        try:
            process.wait(max(timeout, 1.0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return output.read_text("utf-8", errors="replace") if process.returncode == 0 else ""

    def _plain_env(self) -> dict[str, str]:
        """The harness's environment without what would leak its own Python into the server's."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "DAGSTER"))}
        path = f"{self._prepared.python.parent}{os.pathsep}{kept.get('PATH', '')}"
        return kept | {"DAGSTER_HOME": str(self._home), "DAGSTER_DISABLE_TELEMETRY": "1", "PATH": path}

    def _server_env(self) -> dict[str, str]:
        return self._plain_env() | self._agent | server_settings(self._scenario, self._cell)

    def _start(
        self, name: str, argv: list[str], limited: limited_cgroup.LimitedCgroup | None, env: dict[str, str]
    ) -> Service:
        scope = None
        if limited is not None:
            argv = limited.enter(argv)
        elif name == "code-server" and limited_cgroup.has_user_systemd():
            unit = f"dagster-sizing-{uuid.uuid4().hex[:12]}.scope"
            scope = limited_cgroup.Scope(unit)
            argv = [*limited_cgroup.systemd_scope(self._cell.cpus, self._cell.memory_bytes, unit), *argv]
        log = self._logs / f"{name}.log"
        with log.open("ab") as stream:
            process = self._spawn(argv, env, stream, subprocess.STDOUT)
        service = Service(name, process, log, limited, scope)
        self._services.append(service)
        return service

    def _spawn(
        self, argv: list[str], env: dict[str, str], stdout: IO[bytes], stderr: int
    ) -> subprocess.Popen[bytes]:
        """A process in the scratch folder that the ledger knows of, whatever interrupts."""
        with held_back():
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=env,
                cwd=self._home,
                start_new_session=True,
            )
            self._ledger.add_process(process.pid)
        return process

    def _start_beside(self, port: int, limited: limited_cgroup.LimitedCgroup | None, timeout: float) -> None:
        """Start what shares the code server's container: servers of other locations, and health checks."""
        cell = self._cell
        if limited is None and (cell.locations > 1 or cell.health_check_seconds):
            raise MachineError(
                "server.locations and server.health_check_every need a cgroup that processes can be put "
                "into: run as root, or with --stack compose"
            )
        for number in range(2, cell.locations + 1):
            other = free_port()
            server = self._start(
                f"code-server-{number}", self._server_argv(other), limited, self._server_env()
            )
            self._wait_for_port(server, other, timeout)
        if limited is not None and cell.health_check_seconds:
            check = limited.enter(self._python(["-m", "dagster", *health_check_arguments(port)]))
            # The loop itself stays outside: kubelet and the engine are not charged to the container either.
            loop = [
                "/bin/sh",
                "-c",
                f'while sleep {cell.health_check_seconds:g}; do "$@"; done',
                "sh",
                *check,
            ]
            self._start("health-check", loop, None, self._server_env())

    def _companion(self, name: str, arguments: list[str], env: dict[str, str]) -> None:
        """Start the webserver or the daemon; where there can be cgroups, in one of its own, to be read."""
        cpus, memory = os.cpu_count() or 1, psutil.virtual_memory().total
        unlimited = Limits(False, "none", "", cpus, memory, cpus)
        try:
            own = limited_cgroup.make(cpus, memory, self._ledger.add_cgroup)
        except limited_cgroup.NoCgroupError:
            own = None
        service = self._start(name, self._python(arguments), own, env)
        self._companions.append(Companion(name, self._source_opener(own, unlimited, service)))

    def _wait_for_port(self, server: Service, port: int, timeout: float) -> None:
        """Wait until our own code server listens: another program may answer on a port it left open."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._check_start()
            if _listens(server.process.pid, port):
                return
            time.sleep(0.1)
        raise ExperimentError(
            f"the code server did not listen after {timeout:g}s ({server.log_tail()}); raise timeouts.start"
        )

    def _check_start(self) -> None:
        server = self._services[0]
        check_not_killed(server)
        if server.process.poll() is not None:
            raise CodeLocationError(
                f"location: the code server ended while loading the code: {cause(server.log_text())}"
            )
        check_services(self._services)

    def _source_opener(
        self, limited: limited_cgroup.LimitedCgroup | None, limits: Limits, server: Service
    ) -> Callable[[float, float], Source]:
        def open_source(cgroup_hz: float, processes_hz: float) -> Source:
            group: dict[str, Any] = {"version": 0}
            if limited is not None:
                group = limited.sampler_config()
            elif limits.enforced and (directory := limited_cgroup.of_process(server.process.pid)) is not None:
                group = limited_cgroup.LimitedCgroup(2, limits.method, (directory,)).sampler_config()
            config = {
                "cgroup": group,
                "root_pid": server.process.pid,
                "cgroup_hz": cgroup_hz,
                "processes_hz": processes_hz,
            }
            command = sampler_command(sys.executable, config)
            channel = ProcessChannel(command, self._logs / "sampler.log")
            return SamplerClient(channel, self._scenario.timeouts.start)

        return open_source


def _listens(pid: int, port: int) -> bool:
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)

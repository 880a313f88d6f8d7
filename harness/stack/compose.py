"""The compose stack: code servers in containers with real limits, and Postgres and webserver beside them."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

import docker
from docker.errors import DockerException

from harness.errors import CodeLocationError, ExperimentError, MachineError
from harness.observe.client import SamplerClient
from harness.observe.source import Source
from harness.scenario.cells import Cell
from harness.scenario.model import LocationSection, Scenario
from harness.stack.base import Companion, Limits, Replica, Say, ServerEnvironment, Start
from harness.stack.capabilities import COMPOSE
from harness.stack.compose_override import GRPC_PORT, override, server_command
from harness.stack.containers import Container, Watcher, answer_seconds, containers_of, printed, wait_until
from harness.stack.engine import LABEL, EngineInfo, engine_host, is_elsewhere, require_engine
from harness.stack.image import (
    CODE,
    build,
    build_variables,
    check_environment,
    inside_image,
    inspect_image,
    stage_context,
)
from harness.stack.imports import time_imports
from harness.stack.ledger import Ledger
from harness.stack.ports import PublishedPorts
from harness.stack.running import RunningContainers
from harness.stack.server_command import (
    INSTANCE_REF,
    MAKE_TABLES,
    agent_settings,
    cause,
    own_workloads,
    said_of_environment,
    server_settings,
)
from harness.stack.sidecar import SidecarChannel
from harness.target.endpoint import Endpoint
from harness.target.readiness import wait_for_daemon, wait_for_location

_NEVER = "8760h"
"""Interval of the code server's health check while it is measured: the check would be charged to it."""

_CONNECTS = (
    "import socket, time\n"
    "while True:\n"
    "    try:\n"
    "        socket.create_connection(('127.0.0.1', {port}), 1).close()\n"
    "        break\n"
    "    except OSError:\n"
    "        time.sleep(0.1)\n"
)


class ComposeStack:
    """Makes code servers out of containers."""

    name = "compose"
    spot = ""
    capabilities = COMPOSE

    @contextmanager
    def up(self, scenario: Scenario, cell: Cell, logs: Path, say: Say) -> Iterator[RunningContainers]:
        """Bring code servers up for `cell`; leaving the context removes every trace of them.

        Raises:
            CodeLocationError: the code under test does not import.
            MachineError: no Docker engine that can do it, or the images cannot be built.
            ExperimentError: it did not become ready in time.
        """
        client, info = require_engine()
        folder = logs / cell.cell_id
        folder.mkdir(parents=True, exist_ok=True)
        # All of them run at the end, whichever fails: nobody may be reading any more what is said.
        with ExitStack() as cleanup:
            cleanup.callback(client.close)
            ledger = Ledger()
            cleanup.callback(ledger.close, say)
            starter = _Starter(client, info, scenario, cell, folder, ledger, say)
            cleanup.callback(starter.close)
            cleanup.callback(say, "taking the containers down")
            try:
                yield starter.start()
            except DockerException as error:
                raise ExperimentError(f"the Docker engine: {' '.join(str(error).split())[:400]}") from None


class _Starter:
    """Starts the containers of one stack in order."""

    def __init__(
        self,
        client: docker.DockerClient,
        info: EngineInfo,
        scenario: Scenario,
        cell: Cell,
        logs: Path,
        ledger: Ledger,
        say: Say,
    ) -> None:
        self._client = client
        self._info = info
        self._scenario = scenario
        self._cell = cell
        self._logs = logs
        self._say = say
        self._experiment = uuid.uuid4().hex[:12]
        ledger.add_engine(engine_host(), self._experiment)
        self._scratch = ledger.make_folder("dagster-sizing-")
        self._password = secrets.token_urlsafe(24)
        self._image = scenario.location.image if scenario.location else None
        self._watcher: Watcher | None = None
        self._variables: dict[str, str] = {}
        self._ports = PublishedPorts(client, engine_host())
        self._agent: dict[str, str] = {}

    def start(self) -> RunningContainers:
        timeout = self._scenario.timeouts.start
        context = self._scratch / "context"
        stage_context(self._scenario, context)
        self._variables = (
            build_variables(self._scenario, self._cell.dagster_version, self._experiment, context)
            | self._settings()
        )
        self._write_override()
        build(
            self._command(),
            ("webserver", "collector"),
            self._variables,
            self._logs / "build.log",
            self._scenario.timeouts.environment,
            self._say,
        )
        environment = self._environment()
        if self._cell.started_as == "agent":
            home = {"DAGSTER_HOME": f"/opt/dagster/{self._cell.coordinator}"}
            self._agent = agent_settings(self._printed(["-c", INSTANCE_REF], timeout, home))
            self._write_override()
        for line in said_of_environment(self._scenario):
            self._say(line)
        self._say("timing the import of the code")
        imports = time_imports(self._location(), self._printed, timeout)
        self._say("starting Postgres and the code server")
        # The webserver's container first: it gives the volume that all share its owner and mode.
        self._compose("up", "--no-start", "--no-build", "webserver")
        if self._cell.servers > 1:
            self._compose("up", "--detach", "--wait", "--no-build", "postgres")
            self._compose("run", "--rm", "--no-deps", "--no-TTY", "webserver", "python", "-c", MAKE_TABLES)
        watcher = self._watcher = Watcher(self._client, self._experiment, self._logs, self._password)
        self._compose("up", "--detach", "--no-build", "postgres", "code-server")
        servers = containers_of(self._client, self._experiment, "code-server")
        answered = self._wait_for_servers(servers, watcher, timeout)
        self._say("starting the webserver")
        self._compose("up", "--detach", "--no-build", "webserver")
        url = f"http://{self._webserver_address()}/graphql"
        location, repository = wait_for_location(
            url, timeout, lambda: self._check_start(watcher), self._scenario.repository
        )
        if self._cell.coordinator == "queued":
            self._say("starting the daemon")
            self._compose("up", "--detach", "--no-build", "daemon")
            wait_for_daemon(url, timeout, lambda: self._check_start(watcher))
        return RunningContainers(
            client=self._client,
            elsewhere=is_elsewhere(engine_host()),
            endpoint=Endpoint(url, location, repository),
            limits=Limits(
                enforced=True,
                method=f"docker, cgroup v{self._info.cgroup_version}",
                reason="",
                cpus=self._cell.cpus,
                memory_bytes=self._cell.memory_bytes,
                host_cpus=self._info.cpus,
            ),
            environment=environment,
            start=Start(imports, answered),
            replicas=tuple(
                Replica(f"server-{c.number}", self._source_opener(c), self._address_finder(c))
                for c in servers
            ),
            companions=self._companions(),
            watcher=watcher,
            servers={f"server-{c.number}": c for c in servers},
            restarts=self._scenario.server.restart,
            wait_for_servers=lambda down: self._wait_for_servers(down, watcher, timeout),
        )

    def close(self) -> None:
        """Stop following the containers, and keep what they wrote; the ledger removes them."""
        self._ports.close()
        if self._watcher is not None:
            self._watcher.close()
            try:
                self._watcher.save_logs()
            except (DockerException, OSError) as error:
                self._say(f"the containers' logs could not be kept: {error}")

    def _settings(self) -> dict[str, str]:
        cell = self._cell
        given = {"POSTGRES_IMAGE": os.environ["POSTGRES_IMAGE"]} if os.environ.get("POSTGRES_IMAGE") else {}
        if cell.max_concurrent_runs is not None:
            given["MAX_CONCURRENT_RUNS"] = str(cell.max_concurrent_runs)
        server_image = self._image or f"dagster-sizing/server:{self._experiment}-{cell.dagster_version}"
        return given | {
            "COMPOSE_PROJECT_NAME": f"dagster-sizing-{self._experiment}",
            "EXPERIMENT": self._experiment,
            "COORDINATOR": cell.coordinator,
            "DAGSTER_PG_PASSWORD": self._password,
            "DAGSTER_GRPC_MAX_WORKERS": "" if cell.grpc_max_workers is None else str(cell.grpc_max_workers),
            "CODE_SERVER_IMAGE": server_image,
            "CODE_SERVER_HEALTH_INTERVAL": _NEVER,
            "CODE_SERVER_TMP": "tmpfs" if self._scenario.server.tmp == "memory" else "volume",
            "MEMORY_LIMIT": str(cell.memory_bytes),
            "CPU_LIMIT": f"{cell.cpus:g}",
            "REPLICAS": str(cell.replicas),
            "WEBSERVER_PORT": "",
        }

    def _write_override(self) -> None:
        command = server_command(self._cell, self._location(), f"server-{self._experiment}")
        document = override(self._scenario, self._cell, command, self._agent)
        (self._scratch / "override.json").write_text(json.dumps(document), encoding="utf-8")

    def _location(self) -> LocationSection:
        """The code, as it is found inside the image."""
        location = self._scenario.location
        return (
            own_workloads().model_copy(update={"working_directory": CODE})
            if location is None
            else inside_image(location)
        )

    def _printed(
        self, arguments: list[str], timeout: float, environment: Mapping[str, str] = MappingProxyType({})
    ) -> str:
        """What Python printed under the code server's limits; nothing where it failed or took too long."""
        return printed(
            self._client,
            self._variables["CODE_SERVER_IMAGE"],
            arguments,
            timeout,
            environment=dict(environment) | server_settings(self._scenario, self._cell),
            mem_limit=self._cell.memory_bytes,
            memswap_limit=self._cell.memory_bytes,
            nano_cpus=round(self._cell.cpus * 1e9),
            labels={LABEL: self._experiment},
        )

    def _environment(self) -> ServerEnvironment:
        image = self._variables["CODE_SERVER_IMAGE"]
        newest = self._variables["EXCLUDE_NEWER"] if self._image is None else ""
        environment = inspect_image(self._client, image, self._experiment, newest)
        check_environment(environment, self._scenario, self._cell, image)
        return environment

    def _command(self) -> list[str]:
        files = (self._scratch / "context" / "compose" / "compose.yaml", self._scratch / "override.json")
        return ["docker", "compose", *(part for file in files for part in ("--file", str(file)))]

    def _compose(self, *arguments: str) -> None:
        argv = [*self._command(), "--progress", "quiet", *arguments]
        limit = self._scenario.timeouts.start
        try:
            done = subprocess.run(
                argv,
                env=os.environ | self._variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ExperimentError(
                f"`docker compose {shlex.join(arguments)}` was not done after {limit:g}s; raise "
                "timeouts.start"
            ) from None
        if done.returncode != 0:
            said = " ".join(done.stderr.replace(self._password, "***").split())[-400:]
            if "pull access denied" in said or "failed to resolve" in said or "No such image" in said:
                raise MachineError(
                    f"an image is missing and cannot be pulled: {said} (without a registry, name "
                    "POSTGRES_IMAGE, or build location.image first)"
                )
            raise ExperimentError(f"`docker compose {shlex.join(arguments)}` failed: {said}")

    def _wait_for_servers(
        self, servers: list[Container], watcher: Watcher, timeout: float
    ) -> tuple[float, ...]:
        """Wait until every code server takes connections, asked from beside it so that it pays nothing.

        Returns:
            For each, the seconds from its start until then.
        """
        probes = [self._start_probe(server) for server in servers]
        waiting = set(probes)

        def all_connected() -> bool:
            ended = {
                probe
                for probe in waiting
                if self._client.api.inspect_container(probe)["State"]["Status"] == "exited"
            }
            waiting.difference_update(ended)
            return not waiting

        self._say("waiting for the code server")
        wait_until(
            all_connected, lambda: self._check_start(watcher), timeout, "the code server did not listen"
        )
        return tuple(
            answer_seconds(self._client, server.container_id, probe)
            for server, probe in zip(servers, probes, strict=True)
        )

    def _start_probe(self, server: Container) -> str:
        container = self._client.containers.run(
            self._variables["COLLECTOR_IMAGE"],
            ["-c", _CONNECTS.format(port=GRPC_PORT)],
            entrypoint="python",
            detach=True,
            network_mode=f"container:{server.container_id}",
            labels={LABEL: self._experiment},
        )
        return str(container.id)

    def _companions(self) -> tuple[Companion, ...]:
        return tuple(
            Companion(name, self._source_opener(container))
            for name in ("webserver", "daemon")
            for container in containers_of(self._client, self._experiment, name)
        )

    def _webserver_address(self) -> str:
        [webserver] = containers_of(self._client, self._experiment, "webserver")
        return self._ports.address(webserver, 3000)

    def _address_finder(self, server: Container) -> Callable[[], str]:
        return lambda: self._ports.address(server, GRPC_PORT)

    def _check_start(self, watcher: Watcher) -> None:
        name = watcher.ended()
        if name.startswith("code-server"):
            if watcher.was_killed(name):
                raise ExperimentError(watcher.how_it_ended(name))
            log = watcher.log_of(name)
            raise CodeLocationError(f"location: the code server ended while loading the code: {cause(log)}")
        if name:
            raise ExperimentError(watcher.how_it_ended(name))

    def _source_opener(self, server: Container) -> Callable[[float, float], Source]:
        def open_source(cgroup_hz: float, processes_hz: float) -> Source:
            config = {
                "cgroup": {"seen_by_pid": 1},
                "root_pid": 1,
                "cgroup_hz": cgroup_hz,
                "processes_hz": processes_hz,
            }
            channel = SidecarChannel(
                self._client,
                self._variables["COLLECTOR_IMAGE"],
                server.container_id,
                self._experiment,
                config,
                self._logs / "sampler.log",
            )
            return SamplerClient(channel, self._scenario.timeouts.start)

        return open_source

"""The Kubernetes stack: code servers in pods of a cluster, and Postgres, webserver and daemon beside them."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from harness.errors import CodeLocationError, ExperimentError
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.scenario.quantity import MACHINE_CPUS
from harness.stack.base import Companion, Limits, Replica, Say, ServerEnvironment, Start
from harness.stack.capabilities import KUBERNETES
from harness.stack.cluster_images import ClusterImages, images_for, postgres_user
from harness.stack.cluster_nodes import check_place
from harness.stack.compose_override import GRPC_PORT, server_command
from harness.stack.containers import wait_until
from harness.stack.copied_objects import copies
from harness.stack.image import INSPECT, check_environment, read_inspected
from harness.stack.imports import Import, time_imports
from harness.stack.kubectl import ClusterError, Kubectl, require_cluster
from harness.stack.ledger import Ledger
from harness.stack.load_pods import load_place, load_plans
from harness.stack.place import Place
from harness.stack.pod_clock import PodClock
from harness.stack.pod_reach import PodReach, not_in_force
from harness.stack.pod_specs import (
    IDLE,
    OURS,
    POSTGRES_PORT,
    PROBE,
    SERVER,
    WEB_PORT,
    PodPlan,
    namespace,
    pod,
    secret,
    server_limits,
    service,
)
from harness.stack.pod_watch import PodWatch, why_not_ready
from harness.stack.running_pods import RunningPods, how_it_ended
from harness.stack.server_command import (
    INSTANCE_REF,
    MAKE_TABLES,
    agent_settings,
    cause,
    said_of_environment,
    server_settings,
    webserver_settings,
)
from harness.target.endpoint import Endpoint
from harness.target.readiness import wait_for_daemon, wait_for_location

_SECRETS = "experiment"
_GONE_SECONDS = 180.0
"""A kubelet that has much to do takes its time to tell that a pod has ended."""


class KubernetesStack:
    """Makes code servers out of pods."""

    name = "kubernetes"
    capabilities = KUBERNETES

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def spot(self) -> str:
        """The node, or any."""
        return self._place.spot

    @contextmanager
    def up(self, scenario: Scenario, cell: Cell, logs: Path, say: Say) -> Iterator[RunningPods]:
        """Bring code servers up for `cell`; leaving the context removes their namespace.

        Raises:
            CodeLocationError: the code under test does not import.
            InputError: the cluster has no such node.
            MachineError: no cluster that lets us, or the images cannot be had there.
            ExperimentError: it did not become ready in time.
        """
        experiment = uuid.uuid4().hex[:12]
        kubectl = require_cluster(f"dagster-sizing-{experiment}")
        check_place(kubectl, self._place, scenario.server.pod)
        folder = logs / cell.cell_id
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as cleanup:
            ledger = Ledger()
            cleanup.callback(ledger.close, say)
            ledger.add_namespace(kubectl.kubeconfig, kubectl.context, kubectl.namespace)
            images = images_for(scenario, cell, experiment, folder, ledger, say)
            starter = _Starter(kubectl, scenario, cell, folder, images, experiment, self._place, say)
            cleanup.callback(starter.close)
            cleanup.callback(say, "taking the pods down")
            yield starter.start()


class _Starter:
    """Starts the pods of one experiment in order."""

    def __init__(
        self,
        kubectl: Kubectl,
        scenario: Scenario,
        cell: Cell,
        logs: Path,
        images: ClusterImages,
        experiment: str,
        place: Place,
        say: Say,
    ) -> None:
        self._kubectl, self._scenario, self._cell = kubectl, scenario, cell
        self._logs, self._images, self._experiment = logs, images, experiment
        self._place, self._say = place, say
        self._user = None if images.user_s else OURS
        self._cleanup = ExitStack()
        self._reach = PodReach(kubectl, logs, scenario.timeouts.start)
        self._cleanup.callback(self._reach.close)
        self._pods: list[str] = []

    def start(self) -> RunningPods:
        timeout = self._scenario.timeouts.start
        self._make_namespace()
        environment, imports, agent = self._probe(timeout)
        for line in said_of_environment(self._scenario):
            self._say(line)
        watch = PodWatch(self._kubectl)
        self._cleanup.callback(watch.close)
        self._say("starting the code server")
        servers = self._servers(agent)
        for plan in servers:
            self._make(plan)
        self._wait_until_ready(["postgres", *(one.name for one in servers)], watch, timeout)
        self._say("starting the webserver, and what the load comes from")
        self._make(self._companion("webserver", f"dagster-webserver --host=0.0.0.0 --port={WEB_PORT}"))
        load = load_plans(self._images.load, self._scenario.load.processes)
        for plan in load:
            self._make(plan)
        self._wait_until_ready(["webserver", *(one.name for one in load)], watch, timeout)
        port, forward = self._reach.forward("webserver", WEB_PORT)
        url = f"http://127.0.0.1:{port}/graphql"
        check = lambda: self._check_start(watch)  # noqa: E731 - as all that waits takes it
        location, repository = wait_for_location(url, timeout, check, self._scenario.repository)
        companions = ["webserver"]
        if self._cell.coordinator == "queued":
            self._say("starting the daemon")
            self._make(self._companion("daemon", "dagster-daemon run"))
            self._wait_until_ready(["daemon"], watch, timeout)
            wait_for_daemon(url, timeout, check)
            companions.append("daemon")
        by_replica = {f"server-{number}": one for number, one in enumerate(servers, 1)}
        clock = PodClock(self._kubectl, servers[0].name, self._logs / "clock.log")
        self._cleanup.callback(clock.close)
        return RunningPods(
            endpoint=Endpoint(url, location, repository),
            load=load_place(self._kubectl, [one.name for one in load]),
            limits=self._limits(servers[0].name),
            environment=environment,
            start=Start(imports, ()),
            replicas=tuple(
                Replica(name, self._reach.source_opener(one.name), self._reach.address_finder(one.name))
                for name, one in by_replica.items()
            ),
            companions=tuple(Companion(name, self._reach.source_opener(name)) for name in companions),
            watch=watch,
            clock=clock,
            reach=self._reach,
            forwarded=lambda: forward.alive,
            pods={name: one.name for name, one in by_replica.items()},
            restarts=self._scenario.server.restart,
            make_anew=lambda names: self._make_anew([one for one in servers if one.name in names], watch),
        )

    def close(self) -> None:
        """Keep what the pods wrote, and let go of them; the ledger removes their namespace."""
        for name in self._pods:
            self._keep_log(name)
        self._cleanup.close()

    def _make_namespace(self) -> None:
        password = secrets.token_urlsafe(24)
        names = {"DAGSTER_PG_PASSWORD": password, "POSTGRES_PASSWORD": password}
        self._kubectl.make([namespace(self._kubectl.namespace, self._experiment)])
        self._kubectl.make(
            [
                secret(_SECRETS, names, self._experiment),
                service("postgres", "postgres", POSTGRES_PORT, self._experiment),
                service("code-server", "code-server", GRPC_PORT, self._experiment),
                service("webserver", "webserver", WEB_PORT, self._experiment),
            ]
        )
        if copied := list(copies(self._kubectl, self._scenario.server.pod, self._experiment)):
            self._kubectl.make(copied)
        # A folder of its own: the volume's belongs to root, and Postgres wants its own mode.
        data = {"PGDATA": "/var/lib/postgresql/data/own"}
        postgres = data | {"POSTGRES_USER": "dagster", "POSTGRES_DB": "dagster"}
        # Its own entry point makes the database first.
        command = ("postgres", "-c", "max_connections=1000")
        self._make(
            PodPlan(
                *("postgres", "postgres", self._images.postgres, command, postgres, POSTGRES_PORT),
                user=postgres_user(),
                read_only=False,
            )
        )

    def _probe(self, timeout: float) -> tuple[ServerEnvironment, tuple[Import, ...], Mapping[str, str]]:
        """What the image has, what importing the code takes, and what an agent tells of the instance."""
        plan = replace(
            self._server(PROBE, {}),
            role=PROBE,
            command=IDLE,
            port=None,
            collector="",
        )
        self._make(plan)
        self._wait_until_ready([PROBE], None, timeout)
        environment = read_inspected(
            self._printed(["-c", INSPECT], timeout), self._images.server, self._images.newest
        )
        check_environment(environment, self._scenario, self._cell, self._images.server)
        if self._images.user_s:
            self._user = self._user_of_image(timeout)
        self._say("timing the import of the code")
        imports = time_imports(self._images.location, self._printed, timeout)
        agent: Mapping[str, str] = MappingProxyType({})
        if self._cell.started_as == "agent":
            agent = agent_settings(self._printed(["-c", INSTANCE_REF], timeout))
        if self._cell.servers > 1:
            self._wait_until_ready(["postgres"], None, timeout)
            self._printed(["-c", MAKE_TABLES], timeout)
        # Waited for: the code server is to have its CPUs.
        self._kubectl.run("delete", "pod", PROBE, timeout=_GONE_SECONDS)
        self._pods.remove(PROBE)
        return environment, imports, agent

    def _user_of_image(self, timeout: float) -> tuple[int, int]:
        """User and group of the user's image."""
        user, group = json.loads(
            self._printed(["-c", "import os; print([os.getuid(), os.getgid()])"], timeout)
        )
        return user, group

    def _printed(self, arguments: list[str], timeout: float) -> str:
        """What Python printed in the probe; nothing where it failed or took too long."""
        try:
            return self._kubectl.execute(PROBE, SERVER, ["python", *arguments], timeout)
        except ClusterError:
            return ""

    def _servers(self, agent: Mapping[str, str]) -> list[PodPlan]:
        return [self._server(f"code-server-{number}", agent) for number in range(1, self._cell.replicas + 1)]

    def _server(self, name: str, agent: Mapping[str, str]) -> PodPlan:
        settings = self._instance() | dict(agent) | server_settings(self._scenario, self._cell)
        return PodPlan(
            name=name,
            role="code-server",
            image=self._images.server,
            command=server_command(self._cell, self._images.location, f"server-{self._experiment}"),
            environment=settings,
            port=GRPC_PORT,
            collector=self._images.collector,
            cpus=self._cell.cpus,
            memory_bytes=self._cell.memory_bytes,
            tmp_in_memory=self._scenario.server.tmp == "memory",
            user=self._user,
            read_only=not self._images.user_s,
        )

    def _companion(self, name: str, command: str) -> PodPlan:
        return PodPlan(
            name=name,
            role=name,
            image=self._images.webserver,
            command=(*command.split(), "-w", "/opt/dagster/workspace.yaml"),
            environment=self._instance() | webserver_settings(self._scenario),
            port=WEB_PORT if name == "webserver" else None,
            collector=self._images.collector,
        )

    def _instance(self) -> dict[str, str]:
        cap = self._cell.max_concurrent_runs
        return {
            "DAGSTER_HOME": f"/opt/dagster/{self._cell.coordinator}",
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "MAX_CONCURRENT_RUNS": str(10 if cap is None else cap),
        }

    def _make(self, plan: PodPlan) -> None:
        self._kubectl.make([pod(plan, self._experiment, _SECRETS, self._place, self._scenario.server.pod)])
        self._pods.append(plan.name)

    def _make_anew(self, plans: Sequence[PodPlan], watch: PodWatch) -> None:
        """Make pods again that have ended; returns when they are ready."""
        for plan in plans:
            self._keep_log(plan.name)
            self._kubectl.run("delete", "pod", plan.name, timeout=_GONE_SECONDS)
            watch.forget(plan.name)
            self._pods.remove(plan.name)
            self._make(plan)
        self._wait_until_ready([plan.name for plan in plans], watch, self._scenario.timeouts.start)

    def _keep_log(self, name: str) -> None:
        with (self._logs / f"{name}.log").open("a", encoding="utf-8") as log:
            log.write(self._reach.log_of(name))

    def _wait_until_ready(self, names: list[str], watch: PodWatch | None, timeout: float) -> None:
        waiting: dict[str, str] = dict.fromkeys(names, "it is not scheduled yet")

        def ready() -> bool:
            for name in list(waiting):
                told = self._kubectl.get("pod", name)["status"]
                conditions = {one["type"]: one for one in told.get("conditions", ())}
                if conditions.get("Ready", {}).get("status") == "True":
                    del waiting[name]
                else:
                    waiting[name] = why_not_ready(told)
            return not waiting

        try:
            wait_until(
                ready, lambda: None if watch is None else self._check_start(watch), timeout, "not ready"
            )
        except ExperimentError:
            if not waiting:
                raise
            name, why = next(iter(waiting.items()))
            if watch is not None:
                self._check_start(watch)
            raise ExperimentError(
                f"{name} was not ready after {timeout:g}s: {why}; raise timeouts.start if it only is slow"
            ) from None

    def _check_start(self, watch: PodWatch) -> None:
        name = watch.ended()
        end = watch.end_of(name)
        if name.startswith("code-server") and end is not None and end.reason == "Error":
            said = cause(self._reach.log_of(name))
            raise CodeLocationError(f"location: the code server ended while loading the code: {said}")
        if name:
            raise ExperimentError(how_it_ended(name, watch, self._reach.log_of))

    def _limits(self, name: str) -> Limits:
        """As the cluster has them: an admission may have changed what was asked for."""
        told = self._kubectl.get("pod", name)
        cpus, memory = server_limits(told)
        wanted = (self._cell.cpus, self._cell.memory_bytes)
        reason = "" if (cpus, memory) == wanted else f"the cluster made them {cpus:g} CPUs and {memory} bytes"
        reason = reason or not_in_force(*wanted, *self._reach.limits_in_force(name))
        node = self._kubectl.get("node", told["spec"]["nodeName"])
        return Limits(
            enforced=not reason,
            method="kubernetes",
            reason=reason,
            cpus=self._cell.cpus,
            memory_bytes=self._cell.memory_bytes,
            host_cpus=int(MACHINE_CPUS.read(node["status"]["capacity"]["cpu"])),
        )

"""The ways from this machine to pods: to their ports, their logs, and the collectors in them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from harness.errors import ExperimentError
from harness.observe.client import SamplerClient
from harness.observe.source import Source
from harness.stack.channel import ProcessChannel, sampler_command
from harness.stack.cluster_nodes import short_of
from harness.stack.compose_override import GRPC_PORT
from harness.stack.guarded import Guarded, listens
from harness.stack.kubectl import ClusterError, Kubectl
from harness.stack.pod_specs import COLLECTOR, SERVER
from harness.stack.ports import free_port

_READY_SECONDS = 120.0
_PAGE_BYTES = 65_536
"""The largest page of any kernel that code servers run on."""
_CPU_STEP = 0.01
_KILL = "import os, signal, sys; os.kill(int(sys.argv[1]), signal.SIGKILL)"


@contextmanager
def as_loss() -> Iterator[None]:
    """A cluster that refuses or is lost after all had come up ends the experiment, as any loss does."""
    try:
        yield
    except ClusterError as error:
        raise ExperimentError(str(error)) from None


class PodReach:
    """Opens them, and closes those that stay open at its end."""

    def __init__(self, kubectl: Kubectl, logs: Path, start_seconds: float) -> None:
        """Open nothing yet.

        Args:
            kubectl: the cluster, and the namespace of the pods.
            logs: folder for what samplers complain of.
            start_seconds: what a sampler may take to begin.
        """
        self._kubectl, self._logs, self._start_seconds = kubectl, logs, start_seconds
        self._open = ExitStack()

    def close(self) -> None:
        """Close what is open."""
        self._open.close()

    def log_of(self, name: str) -> str:
        """What a pod wrote so far, or why that is not to be had."""
        try:
            return self._kubectl.run("logs", name, "--container", SERVER)
        except ClusterError as error:
            return f"{error}\n"

    def forward(self, name: str, port: int) -> tuple[int, Guarded]:
        """A port of this machine for one of a pod's.

        Raises:
            ExperimentError: there is no way.
        """
        here = free_port()
        arguments = ("port-forward", f"pod/{name}", f"{here}:{port}", "--address", "127.0.0.1")
        helper = Guarded(self._kubectl.command(*arguments), environment=self._kubectl.environment)
        self._open.callback(helper.close)
        while not listens(f"127.0.0.1:{here}"):
            if not helper.alive:
                raise ExperimentError(f"kubectl port-forward: {helper.complaint}")
            time.sleep(0.05)
        return here, helper

    def address_finder(self, name: str) -> Callable[[], str]:
        """Asked for the address at which a code server can be pinged from here."""
        return lambda: f"127.0.0.1:{self.forward(name, GRPC_PORT)[0]}"

    def source_opener(self, name: str) -> Callable[[float, float], Source]:
        """Asked for a source that reads what is beside a pod's collector."""

        def open_source(cgroup_hz: float, processes_hz: float) -> Source:
            with as_loss():
                pid = self._beside(name)["pid"]
                node = self._kubectl.get("pod", name)["spec"]["nodeName"]
            config = {
                "cgroup": {"seen_by_pid": pid},
                "root_pid": pid,
                "cgroup_hz": cgroup_hz,
                "processes_hz": processes_hz,
            }
            command = self._kubectl.inside(name, COLLECTOR, sampler_command("python", config))
            channel = ProcessChannel(command, self._logs / "sampler.log", self._kubectl.environment)
            return SamplerClient(channel, self._start_seconds, node)

        return open_source

    def pressure_on(self, nodes: Collection[str]) -> str:
        """What nodes say they are short of, such as `MemoryPressure`; empty for nothing."""
        with as_loss():
            known = self._kubectl.nodes()
        found = {one for name, node in known.items() if name in nodes for one in short_of(node)}
        return ", ".join(sorted(found))

    def kill(self, name: str) -> None:
        """Kill the first process of a pod's code server, as the kernel does at the memory limit.

        By its collector, which is of the same user.
        """
        with as_loss():
            pid = str(self._beside(name)["pid"])
            self._kubectl.execute(name, COLLECTOR, ["python", "-c", _KILL, pid], _READY_SECONDS)

    def limits_in_force(self, name: str) -> tuple[float | None, int | None]:
        """CPUs and bytes that the kernel holds a code server to; None for no limit."""
        told = self._beside(name)
        return told["cpus"], told["memory_bytes"]

    def _beside(self, name: str) -> dict[str, Any]:
        """What a collector tells of the code server beside it: its first process, and its limits."""
        command = ["python", "-m", "harness.observe.beside"]
        found: dict[str, Any] = json.loads(self._kubectl.execute(name, COLLECTOR, command, _READY_SECONDS))
        return found


def not_in_force(
    cpus: float, memory_bytes: int, cpus_there: float | None, memory_bytes_there: int | None
) -> str:
    """Why limits that a pod was given do not hold in its cgroup; empty where they do.

    The kernel keeps memory in whole pages, and CPU in whole microseconds of a period.
    """
    if memory_bytes_there is None or abs(memory_bytes_there - memory_bytes) >= _PAGE_BYTES:
        return f"the node's kernel holds it to {_told(memory_bytes_there)} bytes"
    if cpus_there is None or abs(cpus_there - cpus) > _CPU_STEP:
        return f"the node's kernel holds it to {_told(cpus_there)} CPUs"
    return ""


def _told(limit: float | None) -> str:
    return "no number of" if limit is None else f"{limit:g}" if isinstance(limit, float) else str(limit)

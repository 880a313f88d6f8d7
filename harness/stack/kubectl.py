"""A Kubernetes cluster, spoken to by `kubectl`, which knows every way to log in to one.

All commands go to the context that was chosen at the begin, whatever another terminal switches to meanwhile.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from harness.errors import MachineError
from harness.scenario.quantity import MACHINE_CPUS, SERVER_MEMORY

_SECONDS = 60.0
RIGHTS = (
    *(("create", "namespaces"), ("delete", "namespaces")),
    *((verb, "namespaces") for verb in ("get", "list", "watch")),
    *((verb, "nodes") for verb in ("get", "list")),
    *((verb, "pods") for verb in ("create", "delete", "get", "list", "watch")),
    *(("create", "services"), ("create", "secrets")),
    *(("create", "pods/exec"), ("create", "pods/portforward"), ("get", "pods/log")),
)
"""Verbs and resources that an experiment takes; `compose/kubernetes-rights.yaml` grants them and no more."""
RIGHTS_FIX = "have compose/kubernetes-rights.yaml applied for your user"
_OR_OTHERS = "or use --stack compose or --stack process, which need no cluster"


class ClusterError(MachineError):
    """The cluster refused, or does not answer; one line."""


class Kubectl:
    """`kubectl` with a context and a namespace."""

    def __init__(self, context: str, namespace: str, kubeconfig: str = "") -> None:
        """Speak to a cluster.

        Args:
            context: of the configuration.
            namespace: for everything that has one.
            kubeconfig: as the variable KUBECONFIG; empty for what that says now.
        """
        self.context, self.namespace = context, namespace
        self.kubeconfig = kubeconfig or os.environ.get("KUBECONFIG", "")
        self.environment = dict(os.environ)
        if self.kubeconfig:
            self.environment["KUBECONFIG"] = self.kubeconfig

    def command(self, *arguments: str) -> list[str]:
        """The whole command."""
        return ["kubectl", "--context", self.context, "--namespace", self.namespace, *arguments]

    def run(self, *arguments: str, given: str | None = None, timeout: float = _SECONDS) -> str:
        """What it prints.

        Raises:
            ClusterError: it failed, or took longer than `timeout` seconds.
        """
        shown = f"kubectl {arguments[0]}"
        try:
            done = subprocess.run(
                self.command(*arguments),
                input=given,
                stdin=subprocess.DEVNULL if given is None else None,
                capture_output=True,
                text=True,
                env=self.environment,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ClusterError(
                f"{shown}: the cluster {self.context} did not answer in {timeout:g}s"
            ) from None
        if done.returncode:
            raise ClusterError(f"{shown} on {self.context}: {_line(done.stderr)}")
        return done.stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object, or a list of them under `items`."""
        found: dict[str, Any] = json.loads(self.run("get", *arguments, "--output", "json"))
        return found

    def nodes(self) -> dict[str, dict[str, Any]]:
        """Documents of the cluster's nodes, by name."""
        return {one["metadata"]["name"]: one for one in self.get("nodes")["items"]}

    def make(self, objects: Iterable[dict[str, Any]]) -> None:
        """Make objects that are not there yet."""
        document = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.run("create", "--filename", "-", given=json.dumps(document))

    def inside(self, pod: str, container: str, argv: Sequence[str]) -> list[str]:
        """The whole command of one that runs in a container, and reads what this one does."""
        return self.command("exec", "--stdin", pod, "--container", container, "--", *argv)

    def execute(self, pod: str, container: str, argv: Sequence[str], timeout: float) -> str:
        """What a command prints in a container."""
        return self.run("exec", pod, "--container", container, "--", *argv, timeout=timeout)

    def missing_rights(self, wanted: Iterable[tuple[str, str]]) -> list[str]:
        """Of pairs of a verb and a resource, those that this user may not, as `create pods`."""
        missing = []
        for verb, resource in wanted:
            answer = self._answer("auth", "can-i", verb, resource)
            if answer != "yes":
                missing.append(f"{verb} {resource}")
        return missing

    def _answer(self, *arguments: str) -> str:
        """The first word of what it prints, also where it fails; warnings go to standard error."""
        done = subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=_SECONDS,
            check=False,
        )
        return done.stdout.split(maxsplit=1)[0] if done.stdout.split() else _line(done.stderr)


def require_cluster(namespace: str) -> Kubectl:
    """The cluster that `kubectl` speaks to, where it lets us do all that an experiment takes.

    Args:
        namespace: for everything that has one; it need not be there.

    Raises:
        ClusterError: it does not answer, or a right is missing; one line with the fix.
    """
    kubectl = current_cluster(namespace)
    kubectl.run("version", "--output", "json")  # answers anybody, or says what is wrong
    _check_rights(kubectl.context, kubectl.kubeconfig)
    return kubectl


@lru_cache
def _check_rights(context: str, kubeconfig: str) -> None:
    """Once for each command: each right is a question of its own."""
    if missing := Kubectl(context, "default", kubeconfig).missing_rights(RIGHTS):
        raise ClusterError(f"the cluster {context} does not let you {', '.join(missing)}; {RIGHTS_FIX}")


def current_cluster(namespace: str) -> Kubectl:
    """The cluster that `kubectl` speaks to, whether it answers or not.

    Raises:
        ClusterError: there is no kubectl, or it has none; one line with the fix.
    """
    return Kubectl(_current_context(), namespace)


def _current_context() -> str:
    """The context that `kubectl` has now.

    Raises:
        ClusterError: there is no kubectl, or it has none; one line with the fix.
    """
    if shutil.which("kubectl") is None:
        raise ClusterError(
            f"kubectl is not installed; install it (https://kubernetes.io/docs/tasks/tools/), {_OR_OTHERS}"
        )
    done = subprocess.run(
        ["kubectl", "config", "current-context"],
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    context = done.stdout.strip()
    if done.returncode or not context:
        raise ClusterError(
            "kubectl knows no cluster; name its configuration with KUBECONFIG, or choose one with `kubectl "
            f"config use-context`, {_OR_OTHERS}"
        )
    return context


def cluster_fingerprint() -> dict[str, Any]:
    """What a result keeps of the cluster that `kubectl` speaks to: of each node, and what all have in common.

    Raises:
        ClusterError: none answers.
    """
    kubectl = require_cluster("default")
    by_node = {name: _of_node(one["status"]) for name, one in kubectl.nodes().items()}
    if not by_node:
        raise ClusterError(f"the cluster {kubectl.context} has no nodes")
    first, *others = by_node.values()
    common = {name: value for name, value in first.items() if all(one[name] == value for one in others)}
    version = json.loads(kubectl.run("version", "--output", "json"))["serverVersion"]["gitVersion"]
    return {"kubernetes": version, "nodes": len(by_node), "by_node": by_node} | common


def _of_node(status: dict[str, Any]) -> dict[str, Any]:
    info, has = status["nodeInfo"], status["capacity"]
    return {
        "kubelet": info["kubeletVersion"],
        "container_runtime": info["containerRuntimeVersion"],
        "operating_system": info["osImage"],
        "kernel": info["kernelVersion"],
        "architecture": info["architecture"],
        "cpu_count": int(MACHINE_CPUS.read(has["cpu"])),
        "memory_total_bytes": SERVER_MEMORY.read(has["memory"]),
    }


def _line(said: str) -> str:
    lines = [one for one in said.splitlines() if one.strip()] or ["it said nothing"]
    return " ".join(lines[-1].split())[:300]

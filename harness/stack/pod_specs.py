"""The objects of the Kubernetes stack, as documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.scenario.quantity import SERVER_CPUS, SERVER_MEMORY
from harness.scenario.server import PodSection
from harness.stack.engine import LABEL
from harness.stack.place import Place

SERVER, COLLECTOR = "dagster", "collector"
"""Containers of a pod: what is looked at, and what looks."""
ROLE = "dagster-sizing.role"
HOSTNAME = "kubernetes.io/hostname"
PROBE = "probe"
MEASURED = ("code-server", PROBE)
"""Roles that go to the node that is measured; the probe times how long its CPUs take to import the code."""
WEB_PORT, POSTGRES_PORT = 3000, 5432
STORAGE = "/opt/dagster/storage"
COLLECTOR_MEMORY = "256Mi"
IDLE = ["python", "-c", "import signal; signal.pause()"]
OURS = (10001, 10001)
"""User and group of the images that are built from compose/Dockerfile."""
_ANY = {"allowPrivilegeEscalation": False, "seccompProfile": {"type": "RuntimeDefault"}}
_NO_RIGHTS = {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True}
"""With `_ANY`, what the pod security standard `restricted` asks for."""


@dataclass(frozen=True)
class PodPlan:
    """A pod of one of the roles."""

    name: str
    role: str
    image: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    collector: str = ""
    """Image of the collector beside it; empty for none."""
    cpus: float | None = None
    memory_bytes: int | None = None
    tmp_in_memory: bool = False
    user: tuple[int, int] | None = OURS
    """User and group that it runs as; None for what the image says."""
    read_only: bool = True
    """Whether it writes to its volumes alone."""


def namespace(name: str, experiment: str) -> dict[str, Any]:
    """Of one experiment."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {LABEL: experiment}},
    }


def service(name: str, role: str, port: int, experiment: str) -> dict[str, Any]:
    """One name for all pods of a role."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {LABEL: experiment}},
        "spec": {"selector": {ROLE: role}, "ports": [{"port": port, "targetPort": port}]},
    }


def secret(name: str, values: Mapping[str, str], experiment: str) -> dict[str, Any]:
    """What is not to stand in a pod's own document."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {LABEL: experiment}},
        "stringData": dict(values),
    }


def pod(plan: PodPlan, experiment: str, secrets: str, place: Place, own: PodSection) -> dict[str, Any]:
    """The pod. It is never restarted, so that what the kernel killed stays dead and is seen.

    Args:
        plan: what is in it.
        experiment: its label.
        secrets: the secret that its containers have in their environment.
        place: the node of the code servers, if it is to be a certain one.
        own: what the user's own pods of code servers have besides.
    """
    measured = plan.role in MEASURED
    containers = [_server(plan, [*(_env_from(own) if measured else ()), {"secretRef": {"name": secrets}}])]
    if plan.collector:
        containers.append(_collector(plan.collector, plan.user))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": plan.name, "labels": {LABEL: experiment, ROLE: plan.role}},
        "spec": {
            "containers": containers,
            "volumes": [
                {"name": "tmp", "emptyDir": {"medium": "Memory"} if plan.tmp_in_memory else {}},
                {"name": "storage", "emptyDir": {}},
                {"name": "data", "emptyDir": {}},
            ],
            # The collector sees the processes beside it.
            "shareProcessNamespace": bool(plan.collector),
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 2,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "affinity": _on_node(plan.role, place) if place.node else _apart(plan.role),
            "imagePullSecrets": [{"name": name} for name in own.image_pull_secrets],
            **(_placed(own) if measured else {}),
        },
    }


def server_limits(told: dict[str, Any]) -> tuple[float, int]:
    """CPUs and bytes that a pod's document gives the code server; infinity and 0 for none."""
    container = next(one for one in told["spec"]["containers"] if one["name"] == SERVER)
    limits = container.get("resources", {}).get("limits", {})
    cpus = SERVER_CPUS.read(limits["cpu"]) if "cpu" in limits else float("inf")
    return float(cpus), int(SERVER_MEMORY.read(limits["memory"])) if "memory" in limits else 0


def _placed(own: PodSection) -> dict[str, Any]:
    """Which nodes the user's own pods go to."""
    return {
        "nodeSelector": own.node_selector,
        "tolerations": [one.model_dump(exclude_defaults=True) for one in own.tolerations],
    }


def _env_from(own: PodSection) -> list[dict[str, Any]]:
    maps = [{"configMapRef": {"name": name}} for name in own.env_config_maps]
    return [*maps, *({"secretRef": {"name": name}} for name in own.env_secrets)]


def _server(plan: PodPlan, env_from: Sequence[dict[str, Any]]) -> dict[str, Any]:
    limits: dict[str, str] = {}
    if plan.cpus is not None:
        limits["cpu"] = f"{round(plan.cpus * 1000)}m"
    if plan.memory_bytes is not None:
        limits["memory"] = str(plan.memory_bytes)
    mounts = [{"name": "tmp", "mountPath": "/tmp"}]
    if plan.role == "postgres":
        mounts.append({"name": "data", "mountPath": "/var/lib/postgresql/data"})
        mounts.append({"name": "storage", "mountPath": "/var/run/postgresql"})
    else:
        mounts.append({"name": "storage", "mountPath": STORAGE})
    container: dict[str, Any] = {
        "name": SERVER,
        "image": plan.image,
        "imagePullPolicy": "IfNotPresent",
        "args" if plan.role == "postgres" else "command": list(plan.command),
        "env": [{"name": name, "value": value} for name, value in sorted(plan.environment.items())],
        # The last of them counts.
        "envFrom": list(env_from),
        # Requests are the limits, so that no neighbour is let in on them.
        "resources": {"limits": limits, "requests": limits},
        "volumeMounts": mounts,
        "securityContext": _as_user(plan.user) | {"readOnlyRootFilesystem": plan.read_only},
    }
    if plan.port is not None:
        # Asked by the kubelet, so that the server pays for no process.
        container["readinessProbe"] = {"tcpSocket": {"port": plan.port}, "periodSeconds": 1}
    return container


def _as_user(user: tuple[int, int] | None) -> dict[str, Any]:
    """What a container may do that runs as this user and group."""
    if user is None:
        return dict(_ANY)
    # Root keeps what an image's root has by default, as without it much that runs as root does not.
    rights = {} if user[0] == 0 else _NO_RIGHTS
    return _ANY | rights | {"runAsUser": user[0], "runAsGroup": user[1]}


def _collector(image: str, user: tuple[int, int] | None) -> dict[str, Any]:
    # No share of CPU is set aside for it, so that a server that takes a whole node still fits there.
    share = {"cpu": "0", "memory": COLLECTOR_MEMORY}
    return {
        "name": COLLECTOR,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": IDLE,
        "resources": {"limits": {"cpu": "500m", "memory": COLLECTOR_MEMORY}, "requests": share},
        # The kernel lets the server's own user, with no fewer rights, see its memory maps and files. Any
        # other would need SYS_PTRACE, which most clusters' pod security refuses.
        "securityContext": _as_user(user) | {"readOnlyRootFilesystem": True},
    }


def _on_node(role: str, place: Place) -> dict[str, Any]:
    """What is measured on its node, and what loads it on one where nobody measures, or else on that one too.

    So a campaign that has all nodes disturbs each of them by what belongs there, and no other.
    """

    def hostname(operator: str, *names: str) -> dict[str, Any]:
        return {"matchExpressions": [{"key": HOSTNAME, "operator": operator, "values": list(names)}]}

    if role in MEASURED:
        terms = {"nodeSelectorTerms": [hostname("In", place.node)]}
        return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    others = hostname("NotIn", *sorted({place.node, *place.measured}))
    wishes = [
        {"weight": 100, "preference": others},
        {"weight": 50, "preference": hostname("In", place.node)},
    ]
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": wishes}}


def _apart(role: str) -> dict[str, Any]:
    """What is measured on one node, and what loads it on others, where there are others."""
    others = "NotIn" if role == "code-server" else "In"
    term = {
        "labelSelector": {"matchExpressions": [{"key": ROLE, "operator": others, "values": ["code-server"]}]},
        "topologyKey": HOSTNAME,
    }
    return {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]
        }
    }

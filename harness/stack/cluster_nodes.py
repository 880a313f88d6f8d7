"""The nodes of a cluster that experiments may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import InputError, MachineError
from harness.scenario.server import PodSection, Toleration
from harness.stack.kubectl import ClusterError, Kubectl, current_cluster, require_cluster
from harness.stack.place import Place

_KEEP_OFF = ("NoSchedule", "NoExecute")


def is_ready(node: Mapping[str, Any]) -> bool:
    """Whether its kubelet tells the cluster that it is there."""
    conditions = node.get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def short_of(node: Mapping[str, Any]) -> list[str]:
    """What a node says that it is short of, such as `MemoryPressure` or `DiskPressure`."""
    conditions = node.get("status", {}).get("conditions", ())
    return [one["type"] for one in conditions if one["type"] != "Ready" and one["status"] == "True"]


def takes_pods(node: Mapping[str, Any], own: PodSection) -> bool:
    """Whether the scheduler may give code servers to a node.

    Args:
        node: its document.
        own: the labels that their node has to have, and the taints that it may have.
    """
    spec, labels = node.get("spec", {}), node.get("metadata", {}).get("labels", {})
    kept_off = any(
        taint["effect"] in _KEEP_OFF and not any(_tolerates(one, taint) for one in own.tolerations)
        for taint in spec.get("taints", ())
    )
    chosen = all(labels.get(name) == value for name, value in own.node_selector.items())
    return is_ready(node) and not spec.get("unschedulable", False) and chosen and not kept_off


def _tolerates(toleration: Toleration, taint: Mapping[str, Any]) -> bool:
    return (
        toleration.key in ("", taint["key"])
        and toleration.effect in ("", taint["effect"])
        and (toleration.operator == "Exists" or toleration.value == taint.get("value", ""))
    )


def free_nodes(own: PodSection, number: int = 1) -> tuple[str, ...]:
    """Names of the nodes of the cluster that take code servers, so many at least.

    Raises:
        InputError: it has fewer.
        ClusterError: it does not answer.
    """
    kubectl = require_cluster("default")
    names = [name for name, one in kubectl.nodes().items() if takes_pods(one, own)]
    if len(names) < number:
        raise InputError(
            f"--parallel {number}: the cluster {kubectl.context} has {len(names)} nodes that take the code "
            "servers; give no more than that"
        )
    return tuple(sorted(names))


def check_place(kubectl: Kubectl, place: Place, own: PodSection) -> None:
    """Refuse a node that is not there, or takes no pods.

    Raises:
        InputError: there is no such node; the message has those that there are.
        MachineError: it takes none.
    """
    if not place.node:
        return
    nodes = kubectl.nodes()
    if place.node not in nodes:
        raise InputError(
            f"--node {place.node}: the cluster {kubectl.context} has {', '.join(sorted(nodes))}; choose one"
        )
    if not takes_pods(nodes[place.node], own):
        raise MachineError(
            f"--node {place.node}: it is not ready, or not one that server.pod lets code servers go to; "
            "choose another"
        )


def is_lost(name: str) -> bool:
    """Whether a node is gone or no longer ready; a cluster that does not answer tells of no node."""
    try:
        nodes = current_cluster("default").nodes()
    except ClusterError:
        return False
    return name not in nodes or not is_ready(nodes[name])

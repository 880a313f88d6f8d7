"""The nodes of a cluster that experiments may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import InputError, MachineError
from harness.stack.kubectl import ClusterError, Kubectl, current_cluster, require_cluster
from harness.stack.place import Place

_KEEP_OFF = ("NoSchedule", "NoExecute")


def takes_pods(node: Mapping[str, Any]) -> bool:
    """Whether the scheduler may give any pod to a node: it is ready, open, and without a taint against it."""
    spec = node.get("spec", {})
    ready = any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in node.get("status", {}).get("conditions", ())
    )
    tainted = any(one["effect"] in _KEEP_OFF for one in spec.get("taints", ()))
    return ready and not spec.get("unschedulable", False) and not tainted


def free_nodes(number: int = 1) -> tuple[str, ...]:
    """Names of the nodes of the cluster that take pods, so many at least.

    Raises:
        InputError: it has fewer.
        ClusterError: it does not answer.
    """
    kubectl = require_cluster("default")
    names = [one["metadata"]["name"] for one in kubectl.get("nodes")["items"] if takes_pods(one)]
    if len(names) < number:
        raise InputError(
            f"--parallel {number}: the cluster {kubectl.context} has {len(names)} nodes that take pods; give "
            "no more than that"
        )
    return tuple(sorted(names))


def check_place(kubectl: Kubectl, place: Place) -> None:
    """Refuse a node that is not there, or takes no pods.

    Raises:
        InputError: there is no such node; the message has those that there are.
        MachineError: it takes none.
    """
    if not place.node:
        return
    nodes = {one["metadata"]["name"]: one for one in kubectl.get("nodes")["items"]}
    if place.node not in nodes:
        raise InputError(
            f"--node {place.node}: the cluster {kubectl.context} has {', '.join(sorted(nodes))}; choose one"
        )
    if not takes_pods(nodes[place.node]):
        raise MachineError(f"--node {place.node}: it is not ready, or takes no pods; choose another")


def is_lost(name: str) -> bool:
    """Whether a node is gone or no longer ready; a cluster that does not answer tells of no node."""
    try:
        listed = current_cluster("default").get("nodes")["items"]
    except ClusterError:
        return False
    return not any(one["metadata"]["name"] == name and takes_pods(one) for one in listed)

"""What a cluster lets us do, each with its fix: the cluster's part of `dagster-sizing doctor`."""

from __future__ import annotations

import json
import os

from harness.scenario.server import PodSection
from harness.stack.cluster_images import LOADER, REGISTRY
from harness.stack.cluster_nodes import takes_pods
from harness.stack.kubectl import RIGHTS, RIGHTS_FIX, ClusterError, Kubectl, current_cluster
from harness.stack.machine import Check
from harness.stack.place import ANYWHERE
from harness.stack.pod_specs import PodPlan, pod


def probe_cluster() -> list[Check]:
    """Look at everything that `--stack kubernetes` needs there; makes nothing."""
    try:
        kubectl = current_cluster("default")
        told = json.loads(kubectl.run("version", "--output", "json"))
    except ClusterError as error:
        return [Check("cluster", False, str(error), "choose one that answers", required=True), _images()]
    version = told["serverVersion"]["gitVersion"]
    found = [Check("cluster", True, f"{kubectl.context}, Kubernetes {version}"), _rights(kubectl), _images()]
    if found[1].ok:
        found += [_nodes(kubectl), _pods(kubectl)]
    return found


def _rights(kubectl: Kubectl) -> Check:
    if missing := kubectl.missing_rights(RIGHTS):
        return Check("rights", False, ", ".join(missing), RIGHTS_FIX, required=True)
    return Check("rights", True, "all that an experiment takes")


def _images() -> Check:
    for name in (REGISTRY, LOADER):
        if os.environ.get(name):
            return Check("images", True, f"{name}={os.environ[name]}")
    fix = f"set {REGISTRY} to one that you may push to, or {LOADER} to a command that gives them to nodes"
    return Check("images", False, "it is not said how nodes get them", fix, required=True)


def _nodes(kubectl: Kubectl) -> Check:
    nodes = kubectl.nodes()
    free = {name: one for name, one in nodes.items() if takes_pods(one, PodSection())}
    names = ", ".join(f"{name} ({one['status']['capacity']['cpu']} CPUs)" for name, one in free.items())
    fix = "uncordon one, or name what its taints ask for as server.pod.tolerations"
    detail = f"{len(free)} take code servers" + (f": {names}" if free else f", of {len(nodes)}")
    return Check("nodes", bool(free), detail, fix, required=True)


def _pods(kubectl: Kubectl) -> Check:
    """Whether an admission refuses what would be made, by a dry run of it."""
    plan = PodPlan("dagster-sizing-doctor", "code-server", "doctor:1", ("true",), collector="doctor:1")
    document = json.dumps(pod(plan, "doctor", "doctor", ANYWHERE, PodSection()))
    try:
        kubectl.run("create", "--dry-run=server", "--filename", "-", given=document)
    except ClusterError as error:
        return Check("pods", False, str(error), "have it allowed for namespaces called dagster-sizing-*")
    return Check("pods", True, "the cluster lets code servers and collectors in")

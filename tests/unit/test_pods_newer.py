"""Newer clusters than tests can start: answers as Kubernetes 1.31 with containerd gives them, shortened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.observe.beside import first_beside
from harness.scenario.server import PodSection
from harness.stack.cluster_nodes import is_ready, short_of, takes_pods
from harness.stack.kubectl import Kubectl, cluster_fingerprint
from harness.stack.pod_specs import SERVER
from harness.stack.pod_watch import End, end_of, why_not_ready

SUFFICIENT = [
    {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory"},
    {"type": "DiskPressure", "status": "False", "reason": "KubeletHasNoDiskPressure"},
    {"type": "PIDPressure", "status": "False", "reason": "KubeletHasSufficientPID"},
    {"type": "Ready", "status": "True", "reason": "KubeletReady"},
]
NODE: dict[str, Any] = {
    "metadata": {"name": "node1", "labels": {"kubernetes.io/hostname": "node1"}},
    "spec": {"podCIDR": "10.42.0.0/24", "podCIDRs": ["10.42.0.0/24"], "providerID": "k3s://node1"},
    "status": {
        "capacity": {
            "cpu": "252",
            "ephemeral-storage": "6707082984Ki",
            "hugepages-1Gi": "0",
            "memory": "1486144692Ki",
            "nvidia.com/gpu": "8",
            "pods": "110",
        },
        "conditions": SUFFICIENT,
        "nodeInfo": {
            "architecture": "amd64",
            "containerRuntimeVersion": "containerd://1.7.23-k3s2",
            "kernelVersion": "6.8.0-54-generic",
            "kubeletVersion": "v1.31.5+k3s1",
            "operatingSystem": "linux",
            "osImage": "Ubuntu 24.04.2 LTS",
        },
    },
}
BEGUN = {"type": "PodReadyToStartContainers", "status": "True", "lastProbeTime": None}


def test_a_node_with_containerd_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_ready(NODE)
    assert takes_pods(NODE, PodSection())
    assert short_of(NODE) == []

    def run(_self: Kubectl, *arguments: str, **_: Any) -> str:
        told = {"get": {"items": [NODE]}, "version": {"serverVersion": {"gitVersion": "v1.31.5+k3s1"}}}
        return json.dumps(told[arguments[0]])

    monkeypatch.setattr("harness.stack.kubectl.require_cluster", lambda name: Kubectl("here", name))
    monkeypatch.setattr(Kubectl, "run", run)
    found = cluster_fingerprint()
    assert (found["kubernetes"], found["container_runtime"]) == ("v1.31.5+k3s1", "containerd://1.7.23-k3s2")
    assert (found["cpu_count"], found["memory_total_bytes"]) == (252, 1486144692 * 1024)


def pod(phase: str, *conditions: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": "code-server-1", "uid": "1"},
        "spec": {"nodeName": "node1"},
        "status": {"phase": phase, "conditions": [BEGUN, *conditions], **status},
    }


def test_a_pod_that_its_kubelet_evicts_says_so_in_a_condition_of_its_own() -> None:
    why = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet"}
    ended = end_of(pod("Failed", why, reason="Evicted", message="The node was low on resource: memory."))
    assert ended is not None
    assert (ended.reason, ended.exit_code) == ("Evicted", None)


def test_a_server_that_was_killed_at_its_limit() -> None:
    terminated = {
        "containerID": "containerd://b6009181cc2c",
        "exitCode": 137,
        "finishedAt": "2026-11-29T10:00:00Z",
        "reason": "OOMKilled",
        "startedAt": "2026-11-29T09:59:00Z",
    }
    status = {"name": SERVER, "ready": False, "restartCount": 0, "started": False}
    told = pod("Running", containerStatuses=[status | {"state": {"terminated": terminated}}])
    assert end_of(told) == End(1795946400.0, "OOMKilled", 137)


def test_what_is_not_ready_is_found_among_the_new_conditions() -> None:
    ready = {"type": "Ready", "status": "False", "reason": "ContainersNotReady"}
    scheduled = {"type": "PodScheduled", "status": "True"}
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "shop:1"'}
    told = pod(
        "Pending", ready, scheduled, containerStatuses=[{"name": SERVER, "state": {"waiting": waiting}}]
    )
    assert why_not_ready(told["status"]) == 'ImagePullBackOff: Back-off pulling image "shop:1"'


def test_the_container_beside_is_found_where_each_sees_its_own_cgroup_as_the_root(tmp_path: Path) -> None:
    def process(pid: str, parent: int, cgroup: str) -> None:
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "stat").write_bytes(f"{pid} (python) S {parent} 1 1".encode())
        (tmp_path / pid / "cgroup").write_text(f"0::{cgroup}\n")

    pause, server = (f"/../cri-containerd-{name}.scope" for name in ("4f0c", "9b1d"))
    process("1", 0, pause)
    process("7", 0, server)
    process("31", 7, server)
    process("15", 0, "/")
    process("self", 0, "/")
    assert first_beside(tmp_path) == 7

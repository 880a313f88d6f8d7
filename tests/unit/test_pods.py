"""What the Kubernetes stack asks for, and how it reads what a cluster says; answers as clusters gave them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.observe.beside import first_beside
from harness.results.fingerprint_record import FingerprintRecord
from harness.scenario.server import PodSection, Toleration
from harness.stack.cluster_nodes import short_of, takes_pods
from harness.stack.engine import LABEL
from harness.stack.image import compose_folder
from harness.stack.kubectl import RIGHTS, Kubectl
from harness.stack.load_pods import load_place, load_plans
from harness.stack.place import Place, disturbs
from harness.stack.pod_specs import COLLECTOR, ROLE, SERVER, PodPlan, pod, server_limits
from harness.stack.pod_watch import End, end_of, why_not_ready

PLAN = PodPlan(
    "code-server-1",
    "code-server",
    "image:1",
    ("dagster",),
    {"B": "2", "A": "1"},
    4000,
    "collector:1",
    1.5,
    2**30,
)


def container(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in told["spec"]["containers"] if one["name"] == name)


def test_a_code_server_has_its_limits_as_requests_and_no_rights() -> None:
    told = pod(PLAN, "abc", "secret", Place(), PodSection())
    server = container(told, SERVER)
    assert server["resources"]["requests"] == server["resources"]["limits"]
    assert server_limits(told) == (1.5, 2**30)
    assert told["metadata"]["labels"] == {LABEL: "abc", ROLE: "code-server"}
    assert told["spec"]["restartPolicy"] == "Never"
    assert told["spec"]["automountServiceAccountToken"] is False
    assert told["spec"]["shareProcessNamespace"] is True
    assert server["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert server["readinessProbe"]["tcpSocket"] == {"port": 4000}


def short_of_restricted(told: dict[str, Any]) -> list[str]:
    """What the pod security standard `restricted` refuses of a pod, as far as ours could break it."""
    found = [one["name"] for one in told["spec"]["volumes"] if set(one) != {"name", "emptyDir"}]
    for one in told["spec"]["containers"]:
        context = one["securityContext"]
        rules = {
            "allowPrivilegeEscalation": context["allowPrivilegeEscalation"] is False,
            "capabilities": context.get("capabilities") == {"drop": ["ALL"]},
            "runAsNonRoot": context.get("runAsNonRoot") is True,
            "runAsUser": context.get("runAsUser", 0) > 0,
            "seccompProfile": context["seccompProfile"] == {"type": "RuntimeDefault"},
        }
        found += [f"{one['name']}: {name}" for name, kept in rules.items() if not kept]
    return found


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        replace(PLAN, user=(1000, 0), read_only=False),
        PodPlan("postgres", "postgres", "postgres:15", ("postgres",), user=(999, 999), read_only=False),
        PodPlan("webserver", "webserver", "image:1", ("x",), collector="collector:1"),
        load_plans("load:1", 1)[0],
    ],
)
def test_pods_are_as_restricted_as_a_cluster_may_ask_for(plan: PodPlan) -> None:
    told = pod(plan, "abc", "secret", Place(), PodSection())
    assert short_of_restricted(told) == []


def test_the_collector_is_the_server_s_user_with_the_same_rights() -> None:
    for user in (None, (0, 0), (10001, 10001), (1000, 0)):
        told = pod(replace(PLAN, user=user), "abc", "secret", Place(), PodSection())
        server, collector = (dict(container(told, one)["securityContext"]) for one in (SERVER, COLLECTOR))
        assert server == collector
    as_root = pod(replace(PLAN, user=(0, 0)), "abc", "secret", Place(), PodSection())
    assert "capabilities" not in container(as_root, SERVER)["securityContext"]


def test_what_is_measured_and_what_loads_it_are_apart() -> None:
    def apart(role: str) -> dict[str, Any]:
        told = pod(PodPlan(role, role, "image:1", ("x",)), "abc", "secret", Place(), PodSection())
        (term,) = told["spec"]["affinity"]["podAntiAffinity"][
            "preferredDuringSchedulingIgnoredDuringExecution"
        ]
        (found,) = term["podAffinityTerm"]["labelSelector"]["matchExpressions"]
        return dict(found)

    assert apart("code-server")["operator"] == "NotIn"
    assert apart("postgres")["operator"] == apart("webserver")["operator"] == "In"


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"cpu": "2", "memory": "3Gi"}, (2.0, 3 * 2**30)),
        ({"cpu": "1500m", "memory": str(2**30)}, (1.5, 2**30)),
        ({"memory": "1Gi"}, (float("inf"), 2**30)),
        ({}, (float("inf"), 0)),
    ],
)
def test_limits_are_read_as_a_cluster_writes_them(
    limits: dict[str, str], expected: tuple[float, int]
) -> None:
    told = pod(PLAN, "abc", "secret", Place(), PodSection())
    container(told, SERVER)["resources"]["limits"] = limits
    assert server_limits(told) == expected


def told(status: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "code-server-1"}, "status": status}


def ended(reason: str, code: int) -> dict[str, Any]:
    state = {"terminated": {"reason": reason, "exitCode": code, "finishedAt": "2026-11-29T10:00:00Z"}}
    return {"phase": "Failed", "containerStatuses": [{"name": SERVER, "state": state}]}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ended("OOMKilled", 137), End(1795946400.0, "OOMKilled", 137)),
        (ended("Error", 1), End(1795946400.0, "Error", 1)),
        ({"phase": "Running", "containerStatuses": [{"name": SERVER, "state": {"running": {}}}]}, None),
        ({"phase": "Pending"}, None),
        # the collector's end is not the server's
        (
            {
                "phase": "Running",
                "containerStatuses": [ended("Error", 1)["containerStatuses"][0] | {"name": "other"}],
            },
            None,
        ),
    ],
)
def test_the_end_of_a_pod_is_that_of_its_server(status: dict[str, Any], expected: End | None) -> None:
    assert end_of(told(status)) == expected


def test_an_eviction_tells_nothing_of_containers() -> None:
    found = end_of(told({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}))
    assert found is not None
    assert (found.reason, found.exit_code) == ("Evicted", None)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "message": "0/2 nodes are available: 2 Insufficient cpu.",
                    }
                ]
            },
            "0/2 nodes are available: 2 Insufficient cpu.",
        ),
        (
            {
                "conditions": [{"type": "PodScheduled", "status": "True"}],
                "containerStatuses": [
                    {"state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}},
                ],
            },
            "ErrImagePull: not found",
        ),
        (
            {"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]},
            "its containers start",
        ),
    ],
)
def test_what_is_not_ready_says_why(status: dict[str, Any], expected: str) -> None:
    assert why_not_ready(status).startswith(expected)


def process(proc: Path, pid: str, parent: int, cgroup: str) -> None:
    (proc / pid).mkdir(parents=True)
    (proc / pid / "stat").write_bytes(f"{pid} (a) name) S {parent} 1 1".encode())
    (proc / pid / "cgroup").write_text(f"0::/{cgroup}\n")


def test_the_first_process_of_the_container_beside(tmp_path: Path) -> None:
    process(tmp_path, "1", 0, "pod")
    process(tmp_path, "7", 0, "server")
    process(tmp_path, "9", 7, "server")
    process(tmp_path, "15", 0, "collector")
    process(tmp_path, "20", 0, "collector")
    process(tmp_path, "self", 0, "collector")
    assert first_beside(tmp_path) == 7
    process(tmp_path, "30", 0, "another")
    assert first_beside(tmp_path) is None


def test_the_rights_that_are_looked_for_are_those_of_the_file() -> None:
    rules = yaml.safe_load((compose_folder() / "kubernetes-rights.yaml").read_text("utf-8"))["rules"]
    granted = {(verb, thing) for rule in rules for thing in rule["resources"] for verb in rule["verbs"]}
    # newer clusters ask for `get` of these two as well; those that do not would tell it is missing
    assert granted - set(RIGHTS) == {("get", "pods/exec"), ("get", "pods/portforward")}
    assert set(RIGHTS) <= granted


def test_what_is_measured_in_a_cluster_is_its_nodes() -> None:
    here = FingerprintRecord({"cpu_count": 2, "cpu_model": "small", "kernel": "6.1"})
    there = here.with_cluster(
        {"kubernetes": "v1.32.1", "nodes": 3, "cpu_count": 64, "operating_system": "Debian 13"}
    )
    told = there.model_dump()
    assert there.cpu_count == 64
    assert (told["cpu_model"], told["kernel"], told["distribution"]) == (None, None, "Debian 13")
    assert told["cluster"]["nodes"] == 3
    assert there.in_a_line.endswith("Kubernetes v1.32.1")


def test_a_pod_that_somebody_deletes_has_ended() -> None:
    found = end_of(told({"phase": "Running"}) | {"metadata": {"deletionTimestamp": "2026-11-29T10:00:00Z"}})
    assert found is not None
    assert (found.reason, found.exit_code) == ("Deleted", None)


def test_a_code_server_goes_to_its_node_and_what_belongs_to_it_to_one_where_nobody_measures() -> None:
    place = Place("node1", ("node1", "node2"))

    def affinity(role: str) -> dict[str, Any]:
        told = pod(PodPlan(role, role, "image:1", ("x",)), "abc", "secret", place, PodSection())["spec"][
            "affinity"
        ]
        (kind,) = told["nodeAffinity"].values()
        return {"all": kind}

    must = [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node1"]}]
    for role in ("code-server", "probe"):
        assert affinity(role) == {"all": {"nodeSelectorTerms": [{"matchExpressions": must}]}}
    first, second = affinity("webserver")["all"]
    assert first["preference"]["matchExpressions"][0] == must[0] | {
        "operator": "NotIn",
        "values": ["node1", "node2"],
    }
    assert second["preference"]["matchExpressions"] == must
    assert first["weight"] > second["weight"]


@pytest.mark.parametrize(
    ("node", "takes"),
    [
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, True),
        ({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, False),
        ({"status": {"conditions": [{"type": "DiskPressure", "status": "False"}]}}, False),
        (
            {
                "spec": {"unschedulable": True},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            },
            False,
        ),
        (
            {
                "spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            },
            False,
        ),
        (
            {
                "spec": {"taints": [{"key": "soft", "effect": "PreferNoSchedule"}]},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            },
            True,
        ),
    ],
)
def test_which_nodes_take_pods(node: dict[str, Any], takes: bool) -> None:
    assert takes_pods(node, PodSection()) is takes


def test_nodes_of_the_user_s_own_pods_are_theirs_alone() -> None:
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    theirs = ready | {
        "metadata": {"labels": {"pool": "etl"}},
        "spec": {"taints": [{"key": "etl", "value": "yes", "effect": "NoSchedule"}]},
    }
    own = PodSection(node_selector={"pool": "etl"}, tolerations=(Toleration(key="etl", value="yes"),))
    assert takes_pods(theirs, own)
    assert not takes_pods(ready, own)
    assert not takes_pods(theirs, PodSection())
    assert not takes_pods(theirs, PodSection(tolerations=(Toleration(key="etl", value="no"),)))
    assert takes_pods(theirs, PodSection(tolerations=(Toleration(operator="Exists"),)))


def test_experiments_on_two_nodes_do_not_disturb_each_other() -> None:
    here, one, two, anywhere = "", Place("node1").spot, Place("node2").spot, Place().spot
    assert disturbs(one, one)
    assert not disturbs(one, two)
    assert disturbs(anywhere, one)
    assert disturbs(one, anywhere)
    assert disturbs(anywhere, anywhere)
    assert not disturbs(here, one)
    assert disturbs(one, here)
    assert disturbs(here, here)


def test_a_code_server_s_pod_has_what_the_user_s_own_has() -> None:
    own = PodSection(
        node_selector={"disk": "ssd"},
        tolerations=(Toleration(key="etl", operator="Exists"),),
        image_pull_secrets=("pull",),
        env_secrets=("token",),
        env_config_maps=("settings",),
        namespace="dagster",
    )
    told = pod(PLAN, "abc", "ours", Place(), own)
    assert told["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert told["spec"]["tolerations"] == [{"key": "etl", "operator": "Exists"}]
    assert container(told, SERVER)["envFrom"] == [
        {"configMapRef": {"name": "settings"}},
        {"secretRef": {"name": "token"}},
        {"secretRef": {"name": "ours"}},
    ]
    beside = pod(PodPlan("webserver", "webserver", "image:1", ("x",)), "abc", "ours", Place(), own)["spec"]
    assert beside["imagePullSecrets"] == told["spec"]["imagePullSecrets"] == [{"name": "pull"}]
    assert "nodeSelector" not in beside
    assert len(beside["containers"][0]["envFrom"]) == 1


def test_a_load_of_several_processes_is_a_master_and_a_pod_for_each_of_them() -> None:
    assert [plan.name for plan in load_plans("load:1", 1)] == ["load"]
    plans = load_plans("load:1", 2)
    assert [plan.name for plan in plans] == ["load", "load-1", "load-2"]

    class Told(Kubectl):
        def get(self, *arguments: str) -> dict[str, Any]:
            assert arguments == ("pod", "load")
            return {"status": {"podIP": "10.1.2.3"}}

    place = load_place(Told("here", "mine"), [plan.name for plan in plans])
    assert (place.url, place.master) == ("http://webserver:3000/graphql", "10.1.2.3")
    assert [reached[7] for reached in place.reached_by] == ["load", "load-1", "load-2"]
    assert {reached[-1] for reached in place.reached_by} == {"--"}


def test_what_a_node_is_short_of() -> None:
    conditions = [
        ("Ready", "True"),
        ("MemoryPressure", "True"),
        ("DiskPressure", "False"),
        ("PIDPressure", "True"),
    ]
    node = {"status": {"conditions": [{"type": name, "status": told} for name, told in conditions]}}
    assert short_of(node) == ["MemoryPressure", "PIDPressure"]
    assert short_of({}) == []

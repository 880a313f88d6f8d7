"""The Kubernetes stack on a real cluster: what it measures, what it refuses, and that nothing is left."""

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path

import pytest
import yaml

from harness.results.folder import ResultFolder
from harness.stack.image import compose_folder
from tests.cluster.conftest import ON_CLUSTER, experiments
from tests.cluster.local_cluster import Cluster
from tests.integration.bench_support import QUICK, document, read_until, run, start, value

pytestmark = [*ON_CLUSTER, pytest.mark.timeout(1800)]

SMALL = (
    *("--stack", "kubernetes", "--set", "workloads=[{workload: io_bound}]"),
    *("--set", "load.levels=[1,3]", "--set", "load.repeats=3"),
)
MIB = 2**20


def user_with_rights(cluster: Cluster, folder: Path, rights: str) -> Path:
    """A kubeconfig of a user who has one cluster role and nothing else."""
    name = f"user-{rights}-{uuid.uuid4().hex[:6]}"  # several tests ask for one
    cluster.kubectl("-n", cluster.namespace, "create", "serviceaccount", name)
    account = f"{cluster.namespace}:{name}"
    bind = ("create", "clusterrolebinding", account, "--clusterrole", rights)
    cluster.kubectl(*bind, f"--serviceaccount={account}")
    cluster.at_the_end("delete", "clusterrolebinding", account)
    found = json.loads(cluster.kubectl("-n", cluster.namespace, "get", "serviceaccount", name, "-o", "json"))
    (token,) = [one["name"] for one in found["secrets"]]
    config = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify"))
    secret = json.loads(cluster.kubectl("-n", cluster.namespace, "get", "secret", token, "-o", "json"))
    config["users"] = [{"name": name, "user": {"token": base64.b64decode(secret["data"]["token"]).decode()}}]
    config["contexts"][0]["context"]["user"] = name
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


def user_with_our_rights(cluster: Cluster, folder: Path) -> Path:
    """A kubeconfig of a user who has exactly the rights of our file."""
    rights = str(compose_folder() / "kubernetes-rights.yaml")
    cluster.kubectl("apply", "-f", rights)
    cluster.at_the_end("delete", "--ignore-not-found", "-f", rights)
    return user_with_rights(cluster, folder, "dagster-sizing")


def test_a_bench_with_exactly_the_rights_of_the_file(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(user_with_our_rights(cluster, tmp_path)))
    out = tmp_path / "result"
    code, said = run("bench", str(QUICK), *SMALL, "--out", str(out), state=tmp_path / "state", timeout=900)
    print(said)
    assert code == 0, said
    result = document(out)
    assert result.stack == "kubernetes"
    (cell,) = result.cells
    assert cell.limits is not None
    assert cell.limits.enforced
    assert 90 * MIB < value(result, "io_bound", "memory_per_run_bytes") < 110 * MIB
    assert value(result, "io_bound", "processes_per_run") == pytest.approx(5, abs=0.3)
    assert result.fingerprint.model_dump()["cluster"]["kubernetes"].startswith("v1.")
    processes = ResultFolder(out).table("processes")  # the collector needs no rights for what these tell
    seen = processes[(processes["role"] == "run") & (processes["status"] != "zombie")]  # which has no files
    assert seen["pss_bytes"].notna().any()
    assert seen["open_files"].notna().mean() > 0.9  # the last walk may see one that is ending


def test_a_right_that_is_missing_is_named(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(user_with_rights(cluster, tmp_path, "view")))
    code, said = run("bench", str(QUICK), *SMALL, "--out", str(tmp_path / "r"), state=tmp_path / "state")
    assert code == 3, said
    assert "create pods" in said
    assert "kubernetes-rights.yaml" in said


def test_what_no_node_has_room_for_quotes_the_scheduler(cluster: Cluster, tmp_path: Path) -> None:
    code, said = run(
        *("bench", str(QUICK), *SMALL, "--set", "server.cpus=64", "--set", "timeouts.start=20"),
        *("--out", str(tmp_path / "r")),
        state=tmp_path / "state",
        timeout=600,
    )
    assert code == 5, said
    assert "Insufficient cpu" in " ".join(said.split())


def test_a_server_that_is_killed_at_its_limit_is_seen(cluster: Cluster, tmp_path: Path) -> None:
    code, said = run(
        *("bench", str(QUICK), *SMALL, "--set", "server.memory=300MiB", "--set", "load.levels=[6,7]"),
        *("--out", str(tmp_path / "r")),
        state=tmp_path / "state",
        timeout=900,
    )
    assert code == 5, said
    assert document(tmp_path / "r").validity.state == "invalid"
    assert "memory limit" in " ".join(said.split())


def test_clean_removes_what_a_killed_bench_left(cluster: Cluster, tmp_path: Path) -> None:
    state = tmp_path / "state"
    bench = start("bench", str(QUICK), *SMALL, "--out", str(tmp_path / "r"), state=state)
    read_until(bench, "burst 1 of")
    bench.kill()
    bench.communicate(timeout=60)
    assert experiments(cluster)
    code, said = run("clean", state=state, timeout=300)
    assert code == 0, said
    assert "1 namespaces" in said


def test_the_doctor_looks_at_the_cluster(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = run("doctor", "--stack", "kubernetes", state=tmp_path / "state")
    assert code == 0, said
    for line in ("ok      cluster: ", "ok      rights", "ok      nodes: 2 take code servers", "ok      pods"):
        assert line in said
    monkeypatch.delenv("IMAGE_LOADER")
    monkeypatch.setenv("KUBECONFIG", str(user_with_rights(cluster, tmp_path, "view")))
    code, said = run("doctor", "--stack", "kubernetes", state=tmp_path / "state")
    assert code == 3, said
    assert "missing rights: create namespaces" in said
    assert "kubernetes-rights.yaml" in said
    assert "IMAGE_REGISTRY" in said

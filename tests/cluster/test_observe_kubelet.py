"""A real code server in a pod under random load, observed by what its kubelet tells Prometheus.

The instance is SQLite in a folder that the pod shares with this machine, where the webserver is.
OBSERVED_MINUTES says how long it is loaded: 20, unless told otherwise. cAdvisor looks every 15 seconds or so,
and 200 readings would take 50 minutes: constants are forced where there are fewer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest

from harness.results.folder import ResultFolder
from harness.stack.image import compose_folder
from harness.stack.ports import free_port
from harness.target.endpoint import Endpoint
from harness.target.readiness import wait_for_location
from tests.cluster.local_cluster import Cluster
from tests.integration.bench_support import run, start
from tests.integration.observed_deployment import constants, load_at_random

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(5400)]

MINUTES = float(os.environ.get("OBSERVED_MINUTES", "20"))
IMAGE = "dagster-sizing/server:cluster-test"
POD = "code-server"
PORT = 4000
LIMIT = 2 * 2**30
WITHIN = {
    "memory_per_run_bytes": 0.03,
    "base_memory_bytes": 0.05,
    "threads_per_run": 0.10,
    "processes_per_run": 0.10,
    "cpu_seconds_per_run": 0.15,
}
INSTANCE = """
telemetry: {enabled: false}
run_coordinator: {module: dagster.core.run_coordinator, class: DefaultRunCoordinator}
"""
WORKSPACE = "load_from: [{{grpc_server: {{host: {host}, port: {port}, location_name: under_test}}}}]\n"


def pod(home: Path) -> dict[str, Any]:
    """A code server as Dagster's Helm chart starts it."""
    command = ["dagster", "api", "grpc", "--host=0.0.0.0", f"--port={PORT}"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD},
        "spec": {
            "containers": [
                {
                    "name": "dagster",
                    "image": IMAGE,
                    "imagePullPolicy": "Never",
                    "command": [*command, "--module-name=workloads.definitions"],
                    "env": [{"name": "DAGSTER_HOME", "value": str(home)}],
                    "securityContext": {"runAsUser": 0},
                    "resources": {"limits": {"memory": str(LIMIT), "cpu": "2"}},
                    "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 2},
                    "volumeMounts": [{"name": "home", "mountPath": str(home)}],
                }
            ],
            "volumes": [{"name": "home", "hostPath": {"path": str(home)}}],
            "terminationGracePeriodSeconds": 2,
        },
    }


@contextmanager
def webserver(home: Path, host: str) -> Iterator[Endpoint]:
    """One on this machine, of a code server elsewhere."""
    workspace, port = home / "workspace.yaml", free_port()
    workspace.write_text(WORKSPACE.format(host=host, port=PORT))
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "-w", str(workspace)],
        env=os.environ | {"DAGSTER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}/graphql"
        yield Endpoint(url, *wait_for_location(url, 120.0, lambda: None))
    finally:
        process.terminate()
        process.wait(timeout=60)


def in_container(pid: int, container: str) -> bool:
    """Whether a process of this machine is in a container of a kubelet's."""
    try:
        return container in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False


def first_process(told: dict[str, Any]) -> int:
    """Of a pod's only container, as this machine sees it."""
    container = told["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
    pids = sorted(int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit())
    return next(pid for pid in pids if in_container(pid, container))


def reasons(folder: Path) -> set[str]:
    """Why a result is invalid."""
    told = ResultFolder(folder).read_document().validity.reasons
    return {one.code for one in told if one.severity == "invalid"}


def test_what_a_kubelet_tells_is_what_a_collector_sees(cluster: Cluster, tmp_path: Path) -> None:
    compose = ["docker", "compose", "-f", str(compose_folder() / "compose.yaml"), "build", "webserver"]
    subprocess.run(compose, check=True, env=os.environ | {"SERVER_IMAGE": IMAGE}, timeout=900)
    try:
        observe_both(cluster, tmp_path)
    finally:
        docker.from_env().images.remove(IMAGE)


def observe_both(cluster: Cluster, tmp_path: Path) -> None:
    cluster.load(IMAGE)
    metrics = cluster.prometheus()
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(INSTANCE)
    cluster.apply(pod(home))
    told = cluster.pod(POD)
    with webserver(home, told["status"]["podIP"]) as endpoint:
        collector = start(
            *("collect", f"pid={first_process(told)}", "--every", "4s", "--out", str(tmp_path / "csv")),
            state=tmp_path / "state",
        )
        runs = load_at_random(endpoint, "io_bound", 8, 14, 60 * MINUTES, seed=1)
        print(f"{runs} runs launched")
        collector.terminate()
        assert "readings written" in collector.communicate(timeout=60)[0]
        select = f'namespace="{cluster.namespace}",container="dagster"'
        sources = {
            "kubelet": ("--metrics", f"prometheus={metrics}", "--select", select),
            "collector": ("--metrics", f"csv={tmp_path / 'csv'}"),
        }
        for name, source in sources.items():
            code, said = run(
                *("observe", endpoint.url.removesuffix("/graphql"), *source, "--days", "1"),
                *("--force", "--out", str(tmp_path / name)),
                state=tmp_path / "state",
            )
            print(said)
            assert code in (0, 4), said
    assert reasons(tmp_path / "collector") == set()
    assert reasons(tmp_path / "kubelet") <= {"few-scrapes"}
    cell = ResultFolder(tmp_path / "kubelet").read_document().cells[0]
    assert (cell.memory_bytes, cell.cpus) == (LIMIT, 2.0)
    seen = {name: constants(tmp_path / name) for name in sources}
    for one, within in WITHIN.items():
        print(one, {name: found.get(one) for name, found in seen.items()})
        assert seen["kubelet"][one] == pytest.approx(seen["collector"][one], rel=within), one

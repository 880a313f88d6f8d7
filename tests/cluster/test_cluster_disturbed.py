"""What may go wrong in a cluster meanwhile: a quota, limits, rights that go, an API server that is lost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.stack.engine import LABEL
from tests.cluster.conftest import ON_CLUSTER, experiments
from tests.cluster.local_cluster import Cluster
from tests.cluster.test_kubernetes_stack import SMALL, user_with_our_rights
from tests.integration.bench_support import QUICK, document, read_until, run, start

pytestmark = [*ON_CLUSTER, pytest.mark.timeout(1800)]

LIMIT_RANGE = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "small"},
    "spec": {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]},
}
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "few"},
    "spec": {"hard": {"pods": "2"}},
}


@contextmanager
def in_each_namespace(cluster: Cluster, thing: dict[str, object]) -> Iterator[None]:
    """Make it in the namespace of an experiment as soon as that is there, as operators may do."""
    stop, before = threading.Event(), set(experiments(cluster))

    def make() -> None:
        while not stop.wait(0.2):
            for name in set(experiments(cluster)) - before:
                namespace = name.removeprefix("namespace/")
                cluster.kubectl("-n", namespace, "apply", "-f", "-", given=json.dumps(thing))
                return

    thread = threading.Thread(target=make)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("thing", "said"),
    [(LIMIT_RANGE, "maximum memory usage per Container is 1Gi"), (QUOTA, "exceeded quota: few")],
)
def test_what_an_admission_refuses_is_quoted(
    cluster: Cluster, tmp_path: Path, thing: dict[str, object], said: str
) -> None:
    with in_each_namespace(cluster, thing):
        code, told = run(
            *("bench", str(QUICK), *SMALL, "--out", str(tmp_path / "r")),
            state=tmp_path / "state",
            timeout=600,
        )
    assert code == 3, told
    assert said in " ".join(told.split())


def test_rights_that_are_taken_away_midway_end_it_and_name_the_way_to_clean_up(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = os.environ["KUBECONFIG"]
    config = user_with_our_rights(cluster, tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(config))
    account = f"{cluster.namespace}:{config.stem}"
    state, out = tmp_path / "state", tmp_path / "r"
    bench = start("bench", str(QUICK), *SMALL, "--out", str(out), state=state)
    read_until(bench, "burst 1 of")
    cluster.kubectl("delete", "clusterrolebinding", account)
    told, _ = bench.communicate(timeout=900)
    said = " ".join(told.split())
    assert bench.returncode == 5, told
    assert "forbidden" in said.lower(), told
    assert "dagster-sizing clean" in said, told
    assert document(out).validity.state == "invalid"
    monkeypatch.setenv("KUBECONFIG", admin)
    cluster.kubectl(
        "create",
        "clusterrolebinding",
        account,
        *("--clusterrole", "dagster-sizing"),
        f"--serviceaccount={account}",
    )
    code, cleaned = run("clean", state=state, timeout=300)
    assert code == 0, cleaned
    assert "1 namespaces" in cleaned


def api_server() -> int:
    """Pid of the cluster's, which is on this machine."""
    told = subprocess.run(["pgrep", "-x", "kube-apiserver"], capture_output=True, text=True, check=False)
    (pid,) = map(int, told.stdout.split())
    return pid


def until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(1)


def test_an_api_server_that_is_lost_ends_it_and_clean_removes_the_rest(
    cluster: Cluster, tmp_path: Path
) -> None:
    state, out = tmp_path / "state", tmp_path / "r"
    bench = start("bench", str(QUICK), *SMALL, "--out", str(out), state=state)
    read_until(bench, "burst 2 of")
    pid = api_server()
    os.kill(pid, signal.SIGSTOP)
    try:
        told, _ = bench.communicate(timeout=900)
    finally:
        os.kill(pid, signal.SIGCONT)
    print(told)
    assert bench.returncode == 5, told
    assert document(out).validity.state == "invalid"
    assert "dagster-sizing clean" in " ".join(told.split()), told
    until(lambda: bool(re.search("node2 +Ready", cluster.kubectl("get", "nodes"))), 180)
    code, cleaned = run("clean", state=state, timeout=300)
    assert code == 0, cleaned
    assert not cluster.kubectl("get", "namespaces", "-l", LABEL, "-o", "name").split()

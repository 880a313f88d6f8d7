"""What only containers offer: replicas, images of one's own, and the compose file used by hand."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests

from harness.results.folder import ResultFolder
from tests.e2e.engine_support import running
from tests.integration.bench_support import FIXTURES, ROOT, document, measure

pytestmark = pytest.mark.e2e

COMPOSE = ("--stack", "compose")


@pytest.mark.slow
def test_runs_spread_over_three_replicas_and_are_counted(tmp_path: Path) -> None:
    out = measure(FIXTURES / "replicas.yaml", tmp_path, *COMPOSE)
    [cell] = document(out).cells
    print([(r.name, r.runs) for r in cell.replica_records])
    folder = ResultFolder(out)
    runs, replicas, samples = (folder.table(name) for name in ("runs", "replicas", "samples"))
    assert [r.name for r in cell.replica_records] == ["server-1", "server-2", "server-3"]
    assert set(samples["replica"]) == set(runs["replica"]) | {"server-1", "server-2", "server-3"}
    assert sum(r.runs for r in cell.replica_records) == len(runs)
    # told from two sources: Dagster's histories, and the processes each sampler saw
    assert (replicas["runs"] == replicas["run_processes"]).all()
    assert sum(r.runs > 0 for r in cell.replica_records) >= 2


@pytest.fixture(scope="module")
def by_hand() -> Iterator[dict[str, str]]:
    """The compose file as a person uses it, up and healthy; its environment."""
    environment = os.environ | {
        "COMPOSE_PROJECT_NAME": "dagster-sizing-by-hand-test",
        "SERVER_IMAGE": "dagster-sizing-test/server",
        "COLLECTOR_IMAGE": "dagster-sizing-test/collector",
        "WEBSERVER_PORT": "",
        "MEMORY_LIMIT": "768m",
        "DAGSTER_GRPC_MAX_WORKERS": "3",
    }
    compose("--profile", "collector", "build", environment=environment)
    compose("up", "--detach", "--wait", "--wait-timeout", "180", environment=environment)
    yield environment
    compose("--profile", "collector", "down", "--volumes", environment=environment)
    for image in (environment["SERVER_IMAGE"], environment["COLLECTOR_IMAGE"]):
        subprocess.run(["docker", "image", "rm", image], check=False, capture_output=True)


def compose(*arguments: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["docker", "compose", "--file", "compose/compose.yaml", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_plain_compose_up_gives_healthy_services_with_the_limits_set(
    by_hand: dict[str, str], engine: docker.DockerClient
) -> None:
    published = compose("port", "webserver", "3000", environment=by_hand).strip()
    assert published.startswith("127.0.0.1:")
    query = {"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"}
    answer = requests.post(f"http://{published}/graphql", json=query, timeout=30).json()
    [repository] = answer["data"]["repositoriesOrError"]["nodes"]
    assert "io_bound" in {job["name"] for job in repository["jobs"]}

    compose("--profile", "collector", "config", "--quiet", environment=by_hand)

    [server] = running(engine, "code-server")
    inspected = engine.api.inspect_container(server)
    host, config = inspected["HostConfig"], inspected["Config"]
    assert host["Memory"] == host["MemorySwap"] == 768 * 2**20
    assert host["NanoCpus"] == 2_000_000_000
    assert host["PidsLimit"] > 0
    assert host["RestartPolicy"]["Name"] == "no"
    assert "DAGSTER_GRPC_MAX_WORKERS=3" in config["Env"]
    for service in ("code-server", "webserver", "daemon", "postgres"):
        [container] = running(engine, service)
        inspected = engine.api.inspect_container(container)
        assert inspected["State"]["Health"]["Status"] == "healthy", service
        assert inspected["HostConfig"]["ReadonlyRootfs"], service
        assert "no-new-privileges:true" in inspected["HostConfig"]["SecurityOpt"], service
        assert inspected["Config"]["Labels"]["dagster-sizing.experiment"] == "by-hand", service
        bindings = [
            b for ports in (inspected["NetworkSettings"]["Ports"] or {}).values() for b in ports or ()
        ]
        assert {b["HostIp"] for b in bindings} <= {"127.0.0.1"}, service
        if service != "postgres":  # whose image drops its rights by itself
            assert inspected["Config"]["User"] == "dagster", service


def test_the_collector_by_hand_prints_readings(by_hand: dict[str, str], engine: docker.DockerClient) -> None:
    compose("--profile", "collector", "up", "--detach", "--wait", "collector", environment=by_hand)
    try:
        [collector] = running(engine, "collector")
        lines = engine.api.logs(collector, stderr=False).decode().splitlines()
        messages = [json.loads(line) for line in lines[:-1]]  # the last may be half written
        [server] = running(engine, "code-server")
        told = engine.api.stats(server, stream=False)["memory_stats"]["usage"]
    finally:
        compose("--profile", "collector", "rm", "--stop", "--force", "collector", environment=by_hand)
    hello = messages[0]
    assert hello["kind"] == "hello"
    last = [message for message in messages if message["kind"] == "samples"][-1]
    sample = dict(zip(hello["columns"], last["rows"][-1], strict=True))
    # the engine's own word for the same cgroup
    assert sample["usage_bytes"] == pytest.approx(told, rel=0.05)
    walks = [message for message in messages if message["kind"] == "processes"]
    roles = {row[hello["process_columns"].index("role")] for row in walks[-1]["rows"]}
    assert "server" in roles


def test_an_image_of_ones_own_is_measured_through_the_queue(
    by_hand: dict[str, str], engine: docker.DockerClient, tmp_path: Path
) -> None:
    shop = FIXTURES / "own_code" / "shop.py"
    (tmp_path / "shop.py").write_text(shop.read_text("utf-8"))
    recipe = f"FROM {by_hand['SERVER_IMAGE']}\nCOPY shop.py /opt/shop/shop.py\n"
    (tmp_path / "Dockerfile").write_text(recipe)
    image = "dagster-sizing-test/shop:1"
    subprocess.run(["docker", "build", "--quiet", "--tag", image, str(tmp_path)], check=True, timeout=120)
    try:
        out = measure(FIXTURES / "own_image.yaml", tmp_path, *COMPOSE)
    finally:
        engine.api.remove_image(image)
    [cell] = document(out).cells
    assert cell.packages["dagster"] == "1.13.27"
    runs = ResultFolder(out).table("runs")
    assert set(runs["status"]) == {"SUCCESS"}
    assert runs["enqueued_epoch_seconds"].notna().all()

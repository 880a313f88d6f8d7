"""A user's own deployment, as the Helm chart's values describe it, measured on a real cluster."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.results.folder import ResultFolder
from tests.cluster.conftest import ON_CLUSTER
from tests.cluster.local_cluster import Cluster
from tests.integration.bench_support import FIXTURES, document, run

pytestmark = [*ON_CLUSTER, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
SERVER, COLLECTOR, SHOP = (f"dagster-sizing-test/{name}:1" for name in ("server", "collector", "shop"))
VALUES = """\
dagster-user-deployments:
  deployments:
    - name: shop
      image: {repository: dagster-sizing-test/shop, tag: 1}
      dagsterApiGrpcArgs: ["--python-file", "/opt/shop/shop.py"]
      env: {STAGE: bench}
      envSecrets: [{name: warehouse}]
      envConfigMaps: [{name: settings}]
      resources: {limits: {cpu: 1500m, memory: 1Gi}}
      nodeSelector: {kubernetes.io/hostname: node2}
      readinessProbe: {enabled: false}
"""
SCENARIO = """\
name: shop-of-the-chart
server: {from_helm_values: values.yaml, pod: {namespace: NAMESPACE}}
workloads: [{job: weekly}]
load: {levels: [1, 2], repeats: 3}
"""


@pytest.fixture
def shop(cluster: Cluster, tmp_path: Path) -> Iterator[None]:
    """The user's image on the nodes, and what their pods have in their environment."""
    images = os.environ | {"SERVER_IMAGE": SERVER, "COLLECTOR_IMAGE": COLLECTOR}
    compose = ["docker", "compose", "--file", "compose/compose.yaml"]
    subprocess.run([*compose, "build", "webserver"], cwd=ROOT, env=images, check=True, timeout=600)
    (tmp_path / "shop.py").write_text((FIXTURES / "own_code" / "shop.py").read_text("utf-8"))
    (tmp_path / "Dockerfile").write_text(f"FROM {SERVER}\nCOPY shop.py /opt/shop/shop.py\n")
    subprocess.run(["docker", "build", "--quiet", "--tag", SHOP, str(tmp_path)], check=True, timeout=120)
    cluster.load(SHOP)
    own = ("-n", cluster.namespace, "create")
    cluster.kubectl(*own, "secret", "generic", "warehouse", "--from-literal=PASSWORD=planted-secret")
    cluster.kubectl(*own, "configmap", "settings", "--from-literal=REGION=here")
    yield
    subprocess.run(["docker", "image", "rm", SHOP, SERVER], check=False, capture_output=True)


def test_the_chart_s_deployment_is_measured_on_its_node_with_its_limits(
    cluster: Cluster, shop: None, tmp_path: Path
) -> None:
    (tmp_path / "values.yaml").write_text(VALUES)
    (tmp_path / "scenario.yaml").write_text(SCENARIO.replace("NAMESPACE", cluster.namespace))
    out = tmp_path / "result"
    code, said = run(
        *("bench", str(tmp_path / "scenario.yaml"), "--stack", "kubernetes", "--out", str(out)),
        state=tmp_path / "state",
        timeout=900,
    )
    print(said)
    assert code in (0, 4), said
    [cell] = document(out).cells
    assert (cell.cpus, cell.memory_bytes) == (1.5, 2**30)
    assert cell.limits is not None
    assert cell.limits.enforced
    result = ResultFolder(out)
    assert set(result.table("bursts")["node"]) == {"node2"}
    assert set(result.table("runs")["status"]) == {"SUCCESS"}
    files = [one for one in out.rglob("*") if one.is_file()]
    assert not any(b"planted-secret" in one.read_bytes() for one in files)

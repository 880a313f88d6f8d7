"""The override that `size` writes, read by Compose itself."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.report.configuration import render_configs
from tests.integration.bench_support import ROOT
from tests.unit.sizing_made import CONTAINER, sizing

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("replicas", [1, 2])
def test_compose_merges_the_override_into_its_file(tmp_path: Path, replicas: int) -> None:
    override = tmp_path / "compose.override.yaml"
    override.write_text(render_configs(sizing(replicas=replicas))[override.name])
    files = ("--file", "compose/compose.yaml", "--file", str(override))
    plain, merged = configured(*files[:2]), configured(*files)
    assert set(merged["services"]) == set(plain["services"])
    server, before = merged["services"]["code-server"], plain["services"]["code-server"]
    assert int(server["mem_limit"]) == int(server["memswap_limit"]) == CONTAINER.memory_bytes
    assert server["cpus"] == pytest.approx(CONTAINER.cpus)
    assert server["deploy"]["replicas"] == replicas
    assert server["environment"] == before["environment"] | {"DAGSTER_GRPC_MAX_WORKERS": "9"}
    changed = {"mem_limit", "memswap_limit", "cpus", "deploy", "environment"}
    assert {key for key in server if server[key] != before.get(key)} <= changed


def configured(*files: str) -> dict[str, Any]:
    """What Compose makes of files, with nothing set by whoever runs the test."""
    names = {"REPLICAS", "MEMORY_LIMIT", "CPU_LIMIT", "DAGSTER_GRPC_MAX_WORKERS"}
    done = subprocess.run(
        ["docker", "compose", *files, "config", "--format", "json"],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key not in names},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    merged: dict[str, Any] = json.loads(done.stdout)
    return merged

"""Code locations of each layout that people have are measured: what they run succeeds, and is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.results.folder import ResultFolder
from tests.integration.bench_support import FIXTURES, document, run, traces

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LOCATIONS = FIXTURES / "locations"
IMPORT_SECONDS, BALLAST_MIB = 14.0, 50
"""Of `slow_import.py`."""
SRC = LOCATIONS / "dg project" / "src"
DG_PROJECT = {"module": "dg_project.definitions", "working_directory": str(SRC)}
MONTH = {"first": "2026-01-01", "last": "2026-01-31"}


def file(name: str, **more: str) -> dict[str, str]:
    return {"python_file": str(LOCATIONS / f"{name}.py"), **more}


@pytest.mark.parametrize(
    ("location", "env", "workloads"),
    [
        pytest.param(
            file("partitioned"),
            {},
            [
                {"job": "sales_job", "partition": MONTH, "executor": ["in_process", "multiprocess"]},
                {"job": "region_report", "partition": ["eu", "us"], "tags": {"team": "data"}},
                {"assets": "visits", "partition": "2026-01-02|eu", "executor": "in_process"},
            ],
            id="partitions",
        ),
        pytest.param(
            DG_PROJECT,
            {},
            [{"assets": ["raw", "clean"], "executor": "in_process"}],
            id="assets only, dg project",
        ),
        pytest.param(
            file("repositories", repository="stock"), {}, [{"job": "etl"}], id="several repositories"
        ),
        pytest.param(
            file("needs_token"), {"WAREHOUSE_TOKEN": "x"}, [{"job": "etl"}], id="resource with environment"
        ),
        pytest.param(
            file("dynamic"), {}, [{"job": "fan_out"}, {"job": "tried_again"}], id="dynamic outputs, retries"
        ),
    ],
)
def test_a_location_of_this_layout_is_measured(
    location: dict[str, str], env: dict[str, str], workloads: list[dict[str, Any]], tmp_path: Path
) -> None:
    scenario = tmp_path / "scenario.yaml"
    settings = {
        "name": "layout",
        "location": location,
        "server": {"cpus": 2, "memory": "2GiB", "env": env},
        "workloads": workloads,
        "load": {"levels": [2], "repeats": 1, "warmup": {"launches": 1, "min_bursts": 1, "max_bursts": 1}},
    }
    scenario.write_text(yaml.safe_dump(settings))
    out, state = tmp_path / "result", tmp_path / "state"
    code, output = run("bench", str(scenario), "--out", str(out), state=state)
    assert code in (0, 3), output
    expected = sum(
        len(one.get("executor", "")) if isinstance(one.get("executor"), list) else 1 for one in workloads
    )
    cells = document(out).cells
    assert [cell.state for cell in cells] == ["finished"] * expected
    runs = ResultFolder(out).table("runs")
    assert set(runs["status"]) == {"SUCCESS"}
    assert runs.groupby("cell_id").size().tolist() == [3] * expected
    assert traces(state) == []


@pytest.mark.parametrize(
    ("location", "workload", "said"),
    [
        (file("partitioned"), {"job": "sales_job"}, ["job sales_job is partitioned", '"2026-01-31"']),
        (file("partitioned"), {"assets": "mart/sale"}, ["asset mart/sale does not exist", "mart/sales?"]),
        (file("repositories"), {"job": "etl"}, ["location.repository", "sales, stock"]),
    ],
)
def test_what_cannot_run_is_refused_before_any_load(
    location: dict[str, str], workload: dict[str, Any], said: list[str], tmp_path: Path
) -> None:
    scenario = tmp_path / "scenario.yaml"
    settings = {"name": "layout", "location": location, "workloads": [workload]}
    scenario.write_text(yaml.safe_dump(settings))
    code, output = run("bench", str(scenario), "--out", str(tmp_path / "result"), state=tmp_path / "state")
    assert code == 2, output
    for part in said:
        assert part in output.splitlines()[-1]
    assert "warm-up" not in output


def test_a_slow_import_is_measured_and_not_timed_out(tmp_path: Path) -> None:
    (tmp_path / "token.env").write_text("WAREHOUSE_TOKEN=x\n")
    settings = {
        "name": "slow",
        "location": file("slow_import"),
        "server": {"cpus": 2, "memory": "2GiB", "env_file": "token.env"},
        "workloads": [{"job": "quick"}],
        "load": {"levels": [1], "repeats": 1, "warmup": {"launches": 1, "min_bursts": 1, "max_bursts": 1}},
    }
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(yaml.safe_dump(settings))
    code, output = run("bench", str(scenario), "--out", str(tmp_path / "out"), state=tmp_path / "state")
    assert code in (0, 3), output
    [cell] = document(tmp_path / "out").cells
    assert cell.start is not None
    [answered] = cell.start.answer_seconds
    assert answered >= IMPORT_SECONDS
    for one in cell.start.imports:
        assert one.seconds >= IMPORT_SECONDS
        assert one.memory_bytes is not None
        assert abs(one.memory_bytes / 2**20 - BALLAST_MIB) < 2
    assert "Importing the code takes" in output
    assert traces(tmp_path / "state") == []

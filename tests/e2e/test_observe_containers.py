"""A real code server in a container under random load, observed by the engine and from beside it.

OBSERVED_MINUTES says how long it is loaded: 20, unless told otherwise.
"""

from __future__ import annotations

import os
from pathlib import Path

import docker
import pytest

from harness.results.folder import ResultFolder
from harness.scenario.cells import cells_of
from harness.scenario.load import load_scenario
from harness.stack.compose import ComposeStack
from tests.integration.bench_support import QUICK, measure, run, start
from tests.integration.observed_deployment import constants, counted_cpu_seconds, load_at_random

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(3600)]

MINUTES = float(os.environ.get("OBSERVED_MINUTES", "20"))
CPU = "cpu_seconds_per_run"
WITHIN = {"memory_per_run_bytes": 0.03, "threads_per_run": 0.10}
ONLY_IO = "workloads=[{workload: io_bound}]"


def test_the_engine_s_statistics_and_a_collector_find_what_bench_measures(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    scenario = load_scenario(QUICK, [ONLY_IO, "sampling.companions_hz=0"]).scenario
    with ComposeStack().up(scenario, cells_of(scenario)[0], tmp_path / "logs", print) as deployment:
        (server,) = deployment.servers.values()
        pid = engine.containers.get(server.container_id).attrs["State"]["Pid"]
        collectors = {
            name: start(
                *("collect", of, "--every", "4s", "--out", str(tmp_path / "readings" / name)),
                state=tmp_path / "state",
            )
            for name, of in (("docker", f"docker={server.container_id}"), ("process", f"pid={pid}"))
        }
        runs = load_at_random(deployment.endpoint, "io_bound", 8, 14, 60 * MINUTES, seed=1)
        print(f"{runs} runs launched")
        for collector in collectors.values():
            collector.terminate()
            assert "readings written" in collector.communicate(timeout=60)[0]
        for name in collectors:
            code, said = run(
                *("observe", deployment.endpoint.url.removesuffix("/graphql"), "--days", "1"),
                *("--metrics", f"csv={tmp_path / 'readings' / name}", "--out", str(tmp_path / name)),
                state=tmp_path / "state",
            )
            print(said)
            assert code == 0, said
    seen = {name: constants(tmp_path / name) for name in collectors}
    assert ResultFolder(tmp_path / "docker").read_document().cells[0].memory_bytes == 3 * 2**30
    expected = constants(measure(QUICK, tmp_path / "bench", "--stack", "compose", "--set", ONLY_IO))
    for name, found in seen.items():
        # CPU time wanders: two benches within an hour were 25 % apart. So the counter itself.
        counted = counted_cpu_seconds(tmp_path / name, expected["base_cpu_cores"])
        print(name, counted, {one: (found[one], expected[one]) for one in (*WITHIN, CPU)})
        for one, within in WITHIN.items():
            assert found[one] == pytest.approx(expected[one], rel=within), (name, one)
        assert found[CPU] == pytest.approx(counted, rel=0.10)

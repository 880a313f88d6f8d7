"""The run history of a real instance: what `dagster-sizing demand` reads is what was run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
import yaml

from harness.scenario.load import load_scenario
from harness.sizing import instance_runs
from harness.sizing.instance_runs import read_instance_history
from harness.stack.environment import prepare_environment
from harness.stack.ports import free_port
from harness.target.graphql import LAUNCH_RUN, GraphQLClient, JobSelector, launch_variables
from harness.target.readiness import wait_for_location
from harness.target.run_histories import run_histories, run_statuses
from tests.integration.bench_support import QUICK, ROOT

pytestmark = pytest.mark.integration

READY = 120.0
TAG = ("history-test", "yes")
TERMINATE = "mutation End($id: String!) { terminateRun(runId: $id) { __typename } }"


@dataclass(frozen=True)
class Instance:
    """A webserver over an instance of its own."""

    url: str
    client: GraphQLClient
    selector: Callable[[str], JobSelector]

    def launch(self, job: str, **config: Any) -> str:
        """Id of a run that was launched."""
        run_config = {"ops": {f"{job}_op": {"config": config}}}
        answer = self.client.execute(
            LAUNCH_RUN, launch_variables(self.selector(job), run_config, dict([TAG]))
        )["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def wait(self, wanted: Mapping[str, str]) -> None:
        """Wait until these runs have these statuses."""
        deadline = time.monotonic() + READY
        while time.monotonic() < deadline:
            statuses = run_statuses(self.client, TAG)
            if wanted.items() <= statuses.items():
                return
            time.sleep(0.3)
        raise AssertionError(f"not reached after {READY:g}s: {statuses}")


@contextmanager
def webserver(python: Path, home: Path, environment: dict[str, str]) -> Iterator[Instance]:
    """A webserver of that Dagster with the workloads; every process of it is ended."""
    port = free_port()
    command = [str(python), "-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(port)]
    command += ["-m", "workloads.definitions", "-d", str(ROOT)]
    with (home / "webserver.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    client = GraphQLClient(f"http://127.0.0.1:{port}/graphql")
    try:

        def check() -> None:
            assert process.poll() is None, (home / "webserver.log").read_text("utf-8", errors="replace")

        location, repository = wait_for_location(client.url, READY, check)
        yield Instance(
            url=f"http://127.0.0.1:{port}",
            client=client,
            selector=lambda job: JobSelector(location, repository, job),
        )
    finally:
        client.close()
        below = [] if process.poll() is not None else psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait(30)
        for one in psutil.wait_procs(below, timeout=10)[1]:
            one.kill()


def demand(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", "demand", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("version", ["own", pytest.param("1.8.13", marks=pytest.mark.slow)])
def test_the_history_of_an_instance_is_what_was_run(version: str, tmp_path: Path) -> None:
    python = Path(sys.executable)
    if version != "own":
        scenario = load_scenario(QUICK, [f'dagster.versions=["{version}"]']).scenario
        python = prepare_environment(scenario, version, print).python
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "DAGSTER"))}
    environment = kept | {"DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "1"}
    coordinator = {"module": "dagster.core.run_coordinator", "class": "DefaultRunCoordinator"}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"run_coordinator": coordinator}))
    execute = ["-m", "dagster", "job", "execute", "-m", "workloads.definitions", "-d", str(ROOT)]
    subprocess.run(
        [str(python), *execute, "-j", "io_bound"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        timeout=120,
    )
    with webserver(python, tmp_path, environment) as instance:
        launched = [instance.launch("io_bound", duration_seconds=2.0) for _ in range(3)]
        failed = instance.launch("io_bound", ballast_bytes=-1)
        alive = instance.launch("io_bound", duration_seconds=600.0)
        instance.wait(dict.fromkeys(launched, "SUCCESS") | {failed: "FAILURE", alive: "STARTED"})
        check_figures(instance, tmp_path / "first.csv", whole=4, left_out=1)

        instance.client.execute(TERMINATE, {"id": alive})
        instance.wait({alive: "CANCELED"})
        runs = check_figures(instance, tmp_path / "second.parquet", whole=5, left_out=0)
        assert sorted(runs["status"]) == ["CANCELED", "FAILURE", "SUCCESS", "SUCCESS", "SUCCESS"]

        check_pages(instance, runs)
        recent = demand(instance.url, "--days", "1e-7")
        assert recent.returncode == 2, recent.stdout
        assert "no runs in this time; ask for more of it with --days" in recent.stderr
        elsewhere = demand(f"{instance.url}/nowhere")
        assert elsewhere.returncode == 2, elsewhere.stdout
        assert "not a Dagster instance" in elsewhere.stderr


def check_figures(instance: Instance, out: Path, whole: int, left_out: int) -> pd.DataFrame:
    """Compare what the command says and saves with what Dagster says of each run; the runs launched."""
    done = demand(instance.url, "--out", str(out), "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(done.stdout)
    # one more was executed without a code location
    assert (told["runs"], told["runs_left_out"]) == (whole + 1, left_out)
    saved = pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)
    assert saved["location"].isin([instance.selector("").location]).sum() == whole
    runs = saved[saved["location"] == instance.selector("").location]
    expected = {
        (run.job, run.status, run.started_epoch_seconds, run.ended_epoch_seconds)
        for run in run_histories(instance.client, TAG)
        if run.ended_epoch_seconds is not None
    }
    assert set(zip(runs["job"], runs["status"], runs["start"], runs["end"], strict=True)) == expected
    one = next(one for one in told["locations"] if one["location"])
    starts, ends = runs["start"].to_numpy(), runs["end"].to_numpy()
    assert one["peak"] == max(int(np.sum((starts <= at) & (at < ends))) for at in starts)
    assert one["seconds_mean"] == pytest.approx(np.mean(ends - starts))
    assert one["average"] == pytest.approx(np.sum(ends - starts) / (ends.max() - starts.min()))
    long_enough = runs["end"] - runs["start"] >= 2.0
    assert long_enough.sum() >= 3
    return runs


def check_pages(instance: Instance, runs: pd.DataFrame) -> None:
    """Small pages add up to the whole."""
    pages: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instance_runs, "RUNS_PER_PAGE", 4)
        read = read_instance_history(instance.client, 0.0, pages.append).runs
    assert pages == [4, 6]
    assert set(runs["start"]) < set(read["start"])
    assert len(read) == 6

"""Sensors and schedules in the server's own threads, and what Ping tells beside them."""

from pathlib import Path

import pandas as pd
import pytest

from harness.results.folder import ResultFolder
from tests.integration.bench_support import FIXTURES, document, measure
from tests.usual import usual_constants

pytestmark = pytest.mark.integration

WORKERS, TICKS = 8, 12


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measure(FIXTURES / "ticks.yaml", tmp_path_factory.mktemp("ticks"))


def rows(out: Path, table: str, workload: str) -> pd.DataFrame:
    """Rows of measured bursts of one workload."""
    folder = ResultFolder(out)
    bursts = folder.table("bursts")
    kept = bursts[(bursts["phase"] == "measure") & bursts["cell_id"].str.startswith(f"{workload}-")]
    return folder.table(table).merge(kept[["cell_id", "burst"]], on=["cell_id", "burst"])


def test_ticks_have_constants_of_their_own(out: Path) -> None:
    ticks, runs = document(out).cells
    assert (ticks.workload, runs.workload) == ("io_schedule", "io_bound")
    known = {constant.name: constant.value for constant in ticks.constants}
    assert set(known) >= usual_constants("ticks")
    assert not [name for name in known if name.endswith("_per_run")]
    # a tick waits in a thread of a server that is there anyway; a run is a process
    of_a_run = next(c.value for c in runs.constants if c.name == "memory_per_run_bytes")
    assert known["memory_per_tick_bytes"] is not None
    assert of_a_run is not None
    assert known["memory_per_tick_bytes"] < of_a_run / 10


def test_they_are_evaluated_in_threads_of_the_server_itself(out: Path) -> None:
    ticks, processes = rows(out, "ticks", "io_schedule"), rows(out, "processes", "io_schedule")
    [server] = processes.loc[processes["role"] == "server", "pid"].unique()
    assert set(ticks["pid"]) == {server}
    assert ticks["thread"].nunique() > 1
    bursts = rows(out, "bursts", "io_schedule")
    assert list(bursts["tick_concurrency_peak"]) == list(bursts["level"])


def test_beside_runs_they_share_the_pool_and_pings_see_it(out: Path) -> None:
    bursts, pings = rows(out, "bursts", "io_bound"), rows(out, "pings", "io_bound")
    assert (bursts["ticks_evaluated"] == TICKS).all()
    assert (bursts["runs_succeeded"] == bursts["level"]).all()
    assert (bursts["tick_concurrency_peak"] <= WORKERS).all()
    answered = pings[pings["outcome"] == "ok"]
    assert set(answered["max_concurrent_requests"]) == {WORKERS}
    assert (answered["answered_epoch_seconds"] > answered["sent_epoch_seconds"]).all()
    # The truth beside what Dagster tells: it leaves runs in progress out, and the Ping itself in. (Now and
    # then the webserver asks something of its own.)
    quiet = answered[(answered["requests_in_progress"] == 0) & (answered["runs_in_progress"] >= 2)]
    assert len(quiet)
    assert quiet["num_running_requests"].median() == 1

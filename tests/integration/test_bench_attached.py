"""A load on a real deployment that runs already: what it finds, and that nothing of it is left."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.experiment.attached import TAG
from harness.results.folder import ResultFolder
from harness.scenario.cells import cells_of
from harness.scenario.load import load_scenario
from harness.sizing.instance_runs import ToldRun, pages_of_runs
from harness.stack.base import Deployment
from harness.stack.process import ProcessStack
from tests.integration.bench_support import QUICK, measure, read_until, run, start
from tests.integration.observed_deployment import load_at_random

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(3600)]

ONLY_IO = "workloads=[{workload: io_bound}]"
LEVELS = ("--set", "load.levels=[1, 2, 4]")


@contextmanager
def deployment(folder: Path) -> Iterator[tuple[Deployment, tuple[str, ...]]]:
    """One that runs, with a collector beside it; and the options that attach to it."""
    scenario = load_scenario(QUICK, [ONLY_IO]).scenario
    with ProcessStack().up(scenario, cells_of(scenario)[0], folder / "logs", print) as found:
        pid = found.services[0].process.pid
        collector = start(
            *("collect", f"pid={pid}", "--every", "2s", "--out", str(folder / "csv")), state=folder / "state"
        )
        try:
            yield (
                found,
                (
                    *("--set", ONLY_IO, *LEVELS, "--highest", "6", "--yes-load-this-deployment"),
                    *("--attach", found.endpoint.url.removesuffix("/graphql")),
                    *("--metrics", f"csv={folder / 'csv'}", "--stop-above", "2000MiB"),
                ),
            )
        finally:
            collector.terminate()
            collector.communicate(timeout=60)


def runs_of(found: Deployment) -> list[ToldRun]:
    client = found.endpoint.client()
    try:
        return [one for page in pages_of_runs(client, {}) for one in page]
    finally:
        client.close()


def test_it_finds_what_bench_finds_beside_runs_of_others(tmp_path: Path) -> None:
    with deployment(tmp_path) as (found, options):
        others = threading.Thread(
            target=load_at_random, args=(found.endpoint, "io_bound", 2, 10, 300, 1), daemon=True
        )
        others.start()
        # 57 bursts with their launches: 17 minutes
        arguments = ("bench", str(QUICK), *options, "--out", str(tmp_path / "a"))
        code, said = run(*arguments, state=tmp_path / "state", timeout=2400)
        others.join()
        print(said)
        ours = [one for one in runs_of(found) if any(tag.key == TAG for tag in one.tags)]
        theirs = len(runs_of(found)) - len(ours)
    assert code == 0, said
    document = ResultFolder(tmp_path / "a").read_document()
    assert document.observed is not None
    load = document.observed.own_load
    assert load is not None
    assert load.runs == len(ours) >= 50
    assert 0 < load.foreign_runs <= theirs
    reference = ResultFolder(measure(QUICK, tmp_path / "b", "--set", ONLY_IO)).read_document()
    expected = {one.name: one.value for one in reference.cells[0].constants}
    measured = {one.name: one for one in document.cells[0].constants}
    for name, within in (
        *(("memory_per_run_bytes", 0.05), ("threads_per_run", 0.10)),
        # CPU time wanders with the machine's mood: two benches within an hour were 25 % apart.
        ("cpu_seconds_per_run", 0.25),
    ):
        print(f"{name}: {measured[name]} beside {expected[name]} of bench")
        assert measured[name].value == pytest.approx(expected[name], rel=within)


def test_it_stops_and_ends_its_runs_where_memory_is_too_high(tmp_path: Path) -> None:
    with deployment(tmp_path) as (found, options):
        lower = tuple("300MiB" if one == "2000MiB" else one for one in options)
        code, said = run("bench", str(QUICK), *lower, "--out", str(tmp_path / "a"), state=tmp_path / "state")
        assert {one.status for one in runs_of(found)} <= {"SUCCESS", "CANCELED"}
    assert code == 5, said
    assert "stopped: " in said
    assert ResultFolder(tmp_path / "a").read_document().validity.state == "invalid"


def test_ctrl_c_ends_its_runs(tmp_path: Path) -> None:
    with deployment(tmp_path) as (found, options):
        bench = start("bench", str(QUICK), *options, "--out", str(tmp_path / "a"), state=tmp_path / "state")
        read_until(bench, "burst 2 of")
        threading.Event().wait(5.0)
        bench.send_signal(signal.SIGINT)
        said = bench.communicate(timeout=120)[0]
        statuses = [one.status for one in runs_of(found)]
    assert bench.returncode == 130, said
    assert "its runs were ended" in said
    assert "CANCELED" in statuses
    assert set(statuses) <= {"SUCCESS", "CANCELED"}

"""What a code server uses, written down: probes, files, and the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.collect import process_probe
from harness.collect.docker_stats import reading_of
from harness.collect.ecs_probe import ADDRESS, EcsProbe
from harness.collect.files import FILES, Rotated
from harness.collect.process_probe import ProcessProbe
from harness.collect.reading import COLUMNS, GoneError, Reading
from harness.errors import InputError, MachineError
from harness.metrics.csv_tables import COLUMNS as CSV_COLUMNS
from tests.unit.cli_support import ROOT, Run

RECORDED = json.loads((ROOT / "tests" / "fixtures" / "docker_stats" / "cgroup_v1.json").read_text("utf-8"))
V2: dict[str, Any] = {
    "read": "2026-11-29T00:31:55.205802581Z",
    "id": "0123456789abcdef",
    "pids_stats": {"current": 9, "limit": 18446744073709551615},
    "cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}, "throttling_data": {"throttled_time": 5e8}},
    "memory_stats": {
        "usage": 120 * 2**20,
        "stats": {"anon": 80 * 2**20, "file": 30 * 2**20, "inactive_file": 20 * 2**20},
        "limit": 24 * 2**30,
    },
}
"""As an engine on cgroup v2 tells, in short: https://docs.docker.com/reference/api/engine."""


def test_the_engines_statistics_on_cgroup_v1_as_they_were_recorded() -> None:
    found = reading_of(RECORDED, cpu_limit_cores=0.5)
    assert found.at == pytest.approx(1795912315.2058, abs=1e-3)
    assert found.cpu_seconds == pytest.approx(0.031922068)
    assert found == Reading(
        at=found.at,
        instance="49f1e30c3b1d",
        working_set_bytes=737280 - 45056,
        rss_bytes=102400,
        cache_bytes=45056,
        cpu_seconds=found.cpu_seconds,
        throttled_seconds=0,
        threads=1,
        memory_limit_bytes=268435456,
        cpu_limit_cores=0.5,
    )


def test_the_engines_statistics_on_cgroup_v2() -> None:
    found = reading_of(V2)
    assert (found.working_set_bytes, found.rss_bytes, found.cache_bytes) == (
        100 * 2**20, 80 * 2**20, 30 * 2**20,
    )  # fmt: skip
    assert (found.cpu_seconds, found.throttled_seconds, found.threads) == (2.5, 0.5, 9)


def test_a_container_that_has_ended_is_no_reading() -> None:
    with pytest.raises(ValueError, match="no memory in it"):
        reading_of(V2 | {"memory_stats": {}})
    with pytest.raises(ValueError, match="no instant"):
        reading_of(V2 | {"read": "0001-01-01T00:00:00Z"})


def test_the_columns_are_those_that_observe_reads() -> None:
    assert set(COLUMNS) == set(CSV_COLUMNS)


def test_a_process_is_read_with_all_below_it() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        probe = ProcessProbe(process.pid)
        found = probe.read()
        assert found.working_set_bytes > 2**20
        assert found.processes is not None
        assert found.processes >= 1
        process.kill()
        process.wait()
        with pytest.raises(GoneError, match="has ended"):
            probe.read()
        probe.close()


@pytest.mark.parametrize(
    ("command", "server"),
    [
        (["/usr/bin/python", "-m", "dagster", "api", "grpc", "-p", "4000"], True),
        (["/usr/local/bin/dagster", "code-server", "start", "-p", "4000"], True),
        (["python", "/opt/venv/bin/dagster-cloud", "pex", "grpc"], False),
        (["dagster", "api", "grpc-health-check", "-p", "4000"], False),
        (["grep", "dagster api grpc"], False),
        (None, False),
    ],
)
def test_a_code_server_is_known_by_its_command(command: list[str] | None, server: bool) -> None:
    assert process_probe._is_server(command) == server


def test_files_are_bounded_and_the_newest_are_kept(tmp_path: Path) -> None:
    writer = Rotated(tmp_path, most_bytes=20_000)
    for number in range(2000):
        writer.write(Reading(1.79e9 + number, "a", 1e8 + number))
    writer.close()
    files = sorted(tmp_path.glob("*.csv"))
    assert len(files) == FILES
    assert sum(file.stat().st_size for file in files) < 25_000
    table = pd.concat([pd.read_csv(file) for file in files])
    assert list(table.columns) == list(COLUMNS)
    assert table["at"].iloc[-1] == 1.79e9 + 1999
    assert table["at"].is_monotonic_increasing


class _Task(ThreadingHTTPServer):
    """Metadata of an ECS task with two containers."""

    daemon_threads = True
    stats: dict[str, Any]


class _Handler(BaseHTTPRequestHandler):
    server: _Task

    def do_GET(self) -> None:
        told = {
            "/v4/x/task": {"Containers": [{"Name": "dagster", "DockerId": "d", "Limits": {"CPU": 512}}]},
            "/v4/x/task/stats": self.server.stats,
        }[self.path]
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Task]:
    with _Task(("127.0.0.1", 0), _Handler) as server:
        server.stats = {"d": V2, "other": None}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv(ADDRESS, f"http://127.0.0.1:{server.server_address[1]}/v4/x")
        yield server
        server.shutdown()
        thread.join()


def test_a_container_of_an_ecs_task_is_read_from_its_metadata(task: _Task) -> None:
    probe = EcsProbe("dagster")
    found = probe.read()
    assert (found.working_set_bytes, found.cpu_limit_cores) == (100 * 2**20, 0.5)
    task.stats = {"d": None}
    with pytest.raises(MachineError, match="ecs dagster does not run"):
        probe.read()
    probe.close()
    with pytest.raises(InputError, match="ecs=other: not in this task; it has dagster"):
        EcsProbe("other")


def test_readings_are_written_until_it_is_over(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "readings"
    command = ("collect", f"pid={os.getpid()}", "--every", "50ms", "--for", "1s", "--out", str(out))
    done = run(*command)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(next(out.glob("readings-*.csv")))
    assert 5 <= len(table) <= 21
    assert (table["working_set_bytes"] > 2**20).all()
    assert done.stdout == ""
    printed = run(*command[:-2])
    assert printed.stdout.startswith(",".join(COLUMNS))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["x"], "KIND=WHAT x: pid=auto, docker=CONTAINER or ecs=CONTAINER is expected"),
        (["pid=me"], "pid=me: the number of a process, or auto, is expected"),
        (["pid=999999999"], "no such process"),
        (["pid=1", "--every", "often"], "--every often"),
        (["pid=1", "--for", "0s"], "--for 0s"),
        (["pid=1", "--out", "x", "--most", "much"], "--most much"),
        (["ecs=dagster"], f"ecs=dagster: {ADDRESS} is not set"),
    ],
)
def test_bad_input_is_one_clear_line(run: Run, arguments: list[str], expected: str) -> None:
    done = run("collect", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert expected in done.stderr
    assert done.stdout == ""

"""A deployment to observe: a code server under random load, and a Prometheus that reads its cgroup.

The exporter tells of the server's cgroup as a kubelet's cAdvisor does: by its names, measured every few
seconds, with the stamp of the measurement.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

from harness.observe.cgroup import CgroupPaths
from harness.observe.cgroup_v1 import CgroupV1Reader
from harness.observe.cgroup_v2 import CgroupV2Reader
from harness.results.folder import ResultFolder
from harness.sizing.instance_runs import pages_of_runs
from harness.target.endpoint import Endpoint
from harness.target.graphql import LAUNCH_RUN, JobSelector, launch_variables
from tests.real_prometheus import prometheus

HOUSEKEEPING_SECONDS = 7.0
CONTAINER = {"namespace": "data", "pod": "etl-0", "container": "dagster", "id": "/a", "name": "k8s_etl"}
_CONFIG = """
scrape_configs:
{jobs}
"""
_JOB = """
- job_name: every-{seconds}s
  scrape_interval: {seconds}s
  metrics_path: /metrics/cadvisor
  static_configs: [{{targets: ['127.0.0.1:{port}'], labels: {{every: '{seconds}s'}}}}]
"""


class Exporter(ThreadingHTTPServer):
    """Measures a server's cgroup and tree now and then, and tells it as cAdvisor does."""

    daemon_threads = True

    def __init__(self, cgroup: CgroupPaths, pid: int, memory_limit: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._reader = CgroupV1Reader(cgroup) if cgroup.version == 1 else CgroupV2Reader(cgroup)
        self._server, self._limit = psutil.Process(pid), memory_limit
        self.text = ""
        self.measure()

    @property
    def port(self) -> int:
        """Where it answers."""
        return int(self.server_address[1])

    def measure(self) -> None:
        """Take the state anew."""
        sample = self._reader.sample()
        tree = [self._server, *self._server.children(recursive=True)]
        threads = processes = 0
        for one in tree:
            try:
                threads += one.num_threads()
                processes += one.status() != psutil.STATUS_ZOMBIE
            except psutil.NoSuchProcess:
                continue
        values = {
            "container_memory_working_set_bytes": sample.working_set_bytes,
            "container_memory_rss": sample.anon_bytes,
            "container_memory_cache": sample.file_bytes,
            "container_cpu_usage_seconds_total": sample.cpu_seconds,
            "container_threads": threads,
            "container_processes": processes,
            "container_spec_memory_limit_bytes": self._limit,
            "container_start_time_seconds": self._server.create_time(),
        }
        labels = ",".join(f'{name}="{value}"' for name, value in CONTAINER.items())
        stamp = round(1000 * sample.at_epoch_seconds)
        self.text = "".join(f"{name}{{{labels}}} {value} {stamp}\n" for name, value in values.items())


class _Handler(BaseHTTPRequestHandler):
    server: Exporter

    def do_GET(self) -> None:
        body = self.server.text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def exported(cgroup: CgroupPaths, pid: int, memory_limit: int) -> Iterator[Exporter]:
    """An exporter that measures while the block lasts."""
    over = threading.Event()
    with Exporter(cgroup, pid, memory_limit) as exporter:

        def measure() -> None:
            chance = random.Random(1)
            while not over.wait(HOUSEKEEPING_SECONDS * chance.uniform(0.9, 1.1)):
                exporter.measure()

        threads = [threading.Thread(target=measure), threading.Thread(target=exporter.serve_forever)]
        for thread in threads:
            thread.start()
        try:
            yield exporter
        finally:
            over.set()
            exporter.shutdown()
            for thread in threads:
                thread.join()


@contextmanager
def scraped(folder: Path, port: int, every: Sequence[int]) -> Iterator[str]:
    """Address of a Prometheus that scrapes a port of this machine, once for each interval in seconds."""
    jobs = "".join(_JOB.format(seconds=seconds, port=port) for seconds in every)
    with prometheus(folder, (), config=_CONFIG.format(jobs=jobs)) as url:
        yield url


def constants(folder: Path) -> dict[str, float]:
    """Values of a result's constants, those that it has."""
    found = ResultFolder(folder).read_document().cells[0].constants
    return {one.name: one.value for one in found if one.value is not None}


def counted_cpu_seconds(folder: Path, base_cores: float) -> float:
    """CPU-seconds per run by the counter alone: all that was used, less the idle server's, over the runs."""
    result = ResultFolder(folder)
    scrapes = result.table("scrapes").sort_values("at_epoch_seconds")
    used, at = scrapes["cpu_seconds"].dropna(), scrapes["at_epoch_seconds"]
    span = float(at.iloc[-1] - at.iloc[0])
    return (float(used.iloc[-1] - used.iloc[0]) - base_cores * span) / len(result.table("runs"))


def load_at_random(
    endpoint: Endpoint, job: str, per_minute: float, seconds_each: float, lasting: float, seed: int
) -> int:
    """Launch runs at random instants, as a deployment's users do; how many."""
    chance = random.Random(seed)
    client = endpoint.client()
    selector = JobSelector(endpoint.location, endpoint.repository, job)
    deadline, launched = time.monotonic() + lasting, 0
    while time.monotonic() < deadline:
        duration = seconds_each * chance.uniform(0.5, 1.5)
        config = {"ops": {f"{job}_op": {"config": {"duration_seconds": duration}}}}
        answer = client.execute(LAUNCH_RUN, launch_variables(selector, config, {}))["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", json.dumps(answer)
        launched += 1
        time.sleep(chance.expovariate(per_minute / 60))
    failed = [run.status for page in pages_of_runs(client, {}) for run in page if run.status == "FAILURE"]
    client.close()
    assert not failed, f"{len(failed)} of {launched} runs failed"
    return launched

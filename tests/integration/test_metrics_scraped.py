"""A real Prometheus that scrapes a server which tells of containers as cAdvisor does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.metrics.prometheus import PrometheusSource
from tests.real_prometheus import missing, prometheus

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(bool(missing()), reason=f"not on the PATH: {missing()} (Debian: prometheus)"),
]

EVERY = 2.0
SCRAPES = 9
CONFIG = """
global: {{scrape_interval: {every:.0f}s}}
scrape_configs:
- {{job_name: heeded, static_configs: [{{targets: ["{target}"]}}]}}
- {{job_name: not, honor_timestamps: false, static_configs: [{{targets: ["{target}"]}}]}}
"""


class Advisor:
    """Tells of containers what it measured last, which it does when it likes to."""

    def __init__(self) -> None:
        self.began = time.time()
        self.died = np.inf
        """When the second container was gone; its last values are told on, as cAdvisor does for minutes."""

    def page(self) -> str:
        """As cAdvisor writes it: its own stamps, but none for the start."""
        lines = []
        for number in (0, 1):
            labels = f'name="code-{number}",id="/docker/{number}",image="code:1"'
            until = min(time.time(), self.died) if number else time.time()
            # each on a clock of its own, with steps that are never quite alike
            step = int((until - self.began) / 0.7)
            at = self.began + 0.7 * step - 0.2 * np.random.default_rng([step, number]).uniform()
            used, stamp = step + 1, round(at * 1000)
            lines += [
                f"container_memory_working_set_bytes{{{labels}}} {2e8 + used} {stamp}",
                f'container_cpu_usage_seconds_total{{{labels},cpu="total"}} {used} {stamp}',
                f"container_start_time_seconds{{{labels}}} {int(self.began)}",
            ]
        return "".join(f"{line}\n" for line in lines)


@contextmanager
def served(advisor: Advisor) -> Iterator[str]:
    """Host and port at which it is scraped."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(advisor.page().encode())

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_whose_stamps_they_are_is_found_out(tmp_path: Path) -> None:
    advisor = Advisor()
    with served(advisor) as target:
        config = CONFIG.format(every=EVERY, target=target)
        with prometheus(tmp_path, (), config=config) as url:
            time.sleep(EVERY * SCRAPES * 0.6)
            advisor.died = time.time()
            time.sleep(EVERY * SCRAPES * 0.4)
            read = {
                job: PrometheusSource(url, f'job="{job}",name=~"code-.+"').read(
                    advisor.began - 60, time.time(), lambda _line: None
                )
                for job in ("heeded", "not")
            }
    assert read["heeded"][1].stamp == "measured"
    assert read["not"][1].stamp == "scraped"
    for instances, _ in read.values():
        assert [one.name for one in instances] == ["code-0", "code-1"]
        assert all(one.began == int(advisor.began) for one in instances)
    # A stamp that is told again is stored once; with stamps of its own, a server stores old values again.
    _, gone = read["heeded"][0]
    assert gone.readings["working_set_bytes"].at[-1] <= advisor.died
    _, lingers = read["not"][0]
    assert lingers.readings["working_set_bytes"].at[-1] > advisor.died

"""A server on 127.0.0.1 that answers as a Prometheus with one container does, or as a test wants."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

SINCE, UNTIL = 1_769_860_800.0, 1_769_860_800.0 + 86_400
LABELS = {"namespace": "data", "container": "dagster", "pod": "code-0", "id": "/1", "instance": "n"}
MEMORY, CPU = "container_memory_working_set_bytes", "container_cpu_usage_seconds_total"
AT = np.round(np.arange(SINCE, UNTIL, 300) + np.random.default_rng(1).uniform(1, 99, 288), 3)
VALUES = {MEMORY: 2e8 + np.arange(288), CPU: np.arange(288.0)}


@dataclass(frozen=True)
class Asked:
    """A question."""

    method: str
    path: str
    query: Mapping[str, str]
    """The last value of each name."""
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What is said to one."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    """That is announced; None for the right one."""


Script = Callable[[Asked], Answer]


def told(document: Any, status: int = 200) -> Answer:
    """JSON."""
    return Answer(json.dumps(document).encode(), status, {"Content-Type": "application/json"})


def refusal(status: int, kind: str, text: str) -> Answer:
    """As Prometheus refuses."""
    return told({"status": "error", "errorType": kind, "error": text}, status)


def right(asked: Asked) -> dict[str, Any]:
    """What Prometheus answers."""
    if asked.path.endswith("/series"):
        there = [name for name in VALUES if not asked.query["match[]"].startswith("kube_")]
        return {"status": "success", "data": [{"__name__": name, **LABELS} for name in there]}
    query, at = asked.query["query"], float(asked.query["time"])
    ranged = re.search(r"\[(\d+)ms\]$", query)
    if ranged is None:
        result: list[Any] = [{"metric": {}, "value": [at, "1"]}]
        return {"status": "success", "data": {"resultType": "vector", "result": result}}
    name = query.split("{")[0]
    inside = (at - int(ranged[1]) / 1000 <= AT) & (at >= AT)
    values = [[stamp, f"{value}"] for stamp, value in zip(AT[inside], VALUES[name][inside], strict=True)]
    result = [{"metric": {"__name__": name, **LABELS}, "values": values}] if values else []
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


@contextmanager
def answering(script: Script) -> Iterator[str]:
    """The address of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])).decode())

        def _answer(self, query: str) -> None:
            path = urlsplit(self.path).path
            said = script(Asked(self.command, path, dict(parse_qsl(query)), dict(self.headers)))
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body) if said.length is None else said.length))
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""Pings against a real gRPC server of our own, which answers as a code server does."""

import json
import threading
import time
from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from harness.observe.pings import Pinger, no_pings, read_metrics

METRICS = {"max_concurrent_requests": 4, "num_running_requests": 2, "num_queued_requests": None}


class Server(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers Ping; holds the answer while `hold` is set."""

    def __init__(self) -> None:
        self.hold = threading.Event()
        self.calls = 0

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        if details.method != "/api.DagsterApi/Ping":
            return None
        return grpc.unary_unary_rpc_method_handler(self.ping)

    def ping(self, _request: bytes, _context: grpc.ServicerContext) -> bytes:
        self.calls += 1
        while self.hold.is_set():
            time.sleep(0.01)
        metrics = json.dumps({"request_utilization": METRICS}).encode()
        # field 2 of the reply, a string, as the wire format has it
        return bytes([2 << 3 | 2, len(metrics)]) + metrics


@pytest.fixture
def server() -> Iterator[tuple[Server, str]]:
    handler = Server()
    served = grpc.server(ThreadPoolExecutor(4), handlers=[handler])
    port = served.add_insecure_port("127.0.0.1:0")
    served.start()
    yield handler, f"127.0.0.1:{port}"
    handler.hold.clear()
    served.stop(0).wait()


def taken(pinger: Pinger, least: int) -> list[dict[Hashable, Any]]:
    rows: list[dict[Hashable, Any]] = []
    deadline = time.monotonic() + 20
    while len(rows) < least and time.monotonic() < deadline:
        rows += pinger.take().to_dict("records")
        time.sleep(0.02)
    return rows


def test_each_ping_brings_the_metrics(server: tuple[Server, str]) -> None:
    pinger = Pinger(hz=50)
    pinger.start("one", server[1])
    rows = taken(pinger, 5)
    pinger.close()
    assert {row["replica"] for row in rows} == {"one"}
    assert {row["outcome"] for row in rows} == {"ok"}
    assert {row["max_concurrent_requests"] for row in rows} == {4.0}
    assert {row["num_running_requests"] for row in rows} == {2.0}
    assert all(row["num_queued_requests"] != row["num_queued_requests"] for row in rows)  # nan


def test_the_next_ping_waits_for_the_answer(server: tuple[Server, str]) -> None:
    handler, address = server
    pinger = Pinger(hz=100)
    handler.hold.set()
    pinger.start("one", address)
    deadline = time.monotonic() + 20
    while not handler.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    assert handler.calls == 1
    handler.hold.clear()
    assert len(taken(pinger, 2)) >= 2
    pinger.close()


def test_nobody_there_is_an_error_and_no_end(server: tuple[Server, str]) -> None:
    pinger = Pinger(hz=50)
    pinger.start("gone", "127.0.0.1:9")
    rows = taken(pinger, 2)
    assert {row["outcome"] for row in rows} == {"error"}
    pinger.start("gone", server[1])  # it has come back, elsewhere
    assert any(row["outcome"] == "ok" for row in taken(pinger, 5))
    pinger.close()


@pytest.mark.parametrize("text", ["", "{}", "not JSON", '{"request_utilization": null}'])
def test_a_reply_without_metrics_tells_nothing(text: str) -> None:
    assert all(value != value for value in read_metrics(text).values())


def test_no_pings_have_the_same_columns() -> None:
    assert list(no_pings()) == list(Pinger(1).take())

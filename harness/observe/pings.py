"""Dagster's own word on how busy a code server is: the utilization metrics in the reply to a Ping.

As Dagster's agent does it, one Ping at a time: the next is sent when the last was answered. A Ping takes a
thread of the server like any other request, so how long it waits for one is itself a sign of saturation.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

import grpc
import pandas as pd
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

TIMEOUT_SECONDS = 60.0
METHOD = "/api.DagsterApi/Ping"
_METRICS = ("max_concurrent_requests", "num_running_requests", "num_queued_requests")


@dataclass(frozen=True)
class Ping:
    """One Ping and what its reply said; nan where it said nothing."""

    replica: str
    sent_epoch_seconds: float
    answered_epoch_seconds: float
    outcome: str
    """`ok`, `timeout` or `error`."""
    max_concurrent_requests: float
    num_running_requests: float
    num_queued_requests: float


class Pinger:
    """Pings code servers from threads of its own, one for each."""

    def __init__(self, hz: float) -> None:
        self._period = 1 / hz
        self._pings: deque[Ping] = deque()
        self._stops: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []

    def start(self, replica: str, address: str) -> None:
        """Ping `address` (host:port) from now on; anew, if the replica was pinged elsewhere before."""
        self.stop(replica)
        stop = self._stops[replica] = threading.Event()
        thread = threading.Thread(target=self._ping_on, args=(replica, address, stop), daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self, replica: str) -> None:
        """Ping a replica no more."""
        if replica in self._stops:
            self._stops.pop(replica).set()

    def take(self) -> pd.DataFrame:
        """The Pings that ended since the last `take`."""
        # as many as are there now: threads go on appending meanwhile
        return _frame([self._pings.popleft() for _ in range(len(self._pings))])

    def close(self) -> None:
        """Stop pinging; may be called again."""
        for replica in list(self._stops):
            self.stop(replica)
        for thread in self._threads:
            thread.join(1)

    def _ping_on(self, replica: str, address: str, stop: threading.Event) -> None:
        # A proxy from the environment must never stand between us and 127.0.0.1.
        with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            call = channel.unary_unary(
                METHOD,
                request_serializer=lambda text: _REQUEST(echo=text).SerializeToString(),
                response_deserializer=_REPLY.FromString,
            )
            due = time.monotonic()
            while not stop.is_set():
                self._pings.append(_ping(replica, call))
                due = max(due + self._period, time.monotonic())
                stop.wait(due - time.monotonic())


def no_pings() -> pd.DataFrame:
    """The table of Pings where none were sent."""
    return _frame([])


def read_metrics(text: str) -> dict[str, float]:
    """`request_utilization` of the metrics in a Ping's reply; nan for what is not there."""
    try:
        said = json.loads(text or "{}").get("request_utilization") or {}
    except ValueError:
        said = {}
    return {name: float("nan") if said.get(name) is None else float(said[name]) for name in _METRICS}


def _frame(pings: list[Ping]) -> pd.DataFrame:
    columns = [field.name for field in fields(Ping)]
    frame = pd.DataFrame([asdict(ping) for ping in pings], columns=columns)
    return frame.astype({name: "str" if name in ("replica", "outcome") else "float64" for name in columns})


def _ping(replica: str, call: Callable[..., Any]) -> Ping:
    sent = time.time()
    try:
        reply = call("", timeout=TIMEOUT_SECONDS)
    except grpc.RpcError as error:
        late = getattr(error, "code", lambda: None)() is grpc.StatusCode.DEADLINE_EXCEEDED
        return Ping(replica, sent, float("nan"), "timeout" if late else "error", **read_metrics(""))
    metrics = read_metrics(reply.serialized_server_utilization_metrics)
    return Ping(replica, sent, time.time(), "ok", **metrics)


def _messages() -> tuple[Any, Any]:
    """The two messages of Ping, with the fields of Dagster's `dagster_api.proto` that are used here."""
    file = descriptor_pb2.FileDescriptorProto(name="ping.proto", package="api", syntax="proto3")
    text = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
    for message, names in {
        "PingRequest": ("echo",),
        "PingReply": ("echo", "serialized_server_utilization_metrics"),
    }.items():
        described = file.message_type.add(name=message)
        for number, name in enumerate(names, 1):
            described.field.add(name=name, number=number, type=text, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    classes = message_factory.GetMessageClassesForFiles(["ping.proto"], pool)
    return classes["api.PingRequest"], classes["api.PingReply"]


_REQUEST, _REPLY = _messages()

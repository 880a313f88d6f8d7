"""The Locust file: an open-loop burst whose users are connected before they are released.

Started by `harness.load.process`, alone or as a master with workers; these talk through Locust's own
messages. Each user opens its keep-alive connection when told to, waits for its intended instant, posts one
`launchRun` and stops. A slow server cannot hold the load up: no user waits for another's answer.

The client is FastHttpUser. Users of one process send one after the other, so the spread of a burst is
their number times what one send costs in Python: with 50 users 4 ms, where HttpUser (requests) took 11 ms.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.fileobject import FileObject
from locust import FastHttpUser, events, task
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from harness.load.answers import Answer, read_answer
from harness.load.conductor import Conductor
from harness.load.requests import DOCUMENTS, Kind
from harness.load.steady_clock import SteadyClock
from harness.target.first_cause import one_line

CONNECT_SECONDS = 30.0
QUIT_SECONDS = 2.0
FRESH_SECONDS = 3.0
"""dagster-webserver (uvicorn) drops connections after 5 idle seconds; older ones are used once before."""
REFRESH_LEAD_SECONDS = 1.0
NO_LIMIT_SECONDS = 1e6
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True)
class Order:
    """The one request of one user."""

    index: int
    kind: Kind
    offset: float
    body: str
    timeout_seconds: float


@dataclass
class Crew:
    """What the users of this process share."""

    connect: AsyncResult = field(default_factory=AsyncResult)
    """Headers besides ours, once all may connect."""
    released: AsyncResult = field(default_factory=AsyncResult)
    clock: SteadyClock = field(default_factory=SteadyClock)
    orders: dict[int, Order] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    cpu_when_released: float = 0.0

    def assign(self, message: dict[str, Any]) -> None:
        """Take the orders of this process's users; bodies are encoded now, not at the instant."""
        for order in message["orders"]:
            kind = order["kind"]
            body = json.dumps({"query": DOCUMENTS[kind], "variables": order["variables"]})
            self.orders[order["user"]] = Order(
                order["index"], kind, order["offset"], body, message["timeout_seconds"]
            )

    def release(self, at_epoch: float) -> None:
        """Set the instant that all offsets count from, on the machine's clock as it is now."""
        self.clock = SteadyClock()
        self.cpu_when_released = time.process_time()
        self.released.set(at_epoch)


CREW = Crew()


class LaunchUser(FastHttpUser):
    """Connects, waits, launches once, stops."""

    concurrency = 1
    max_retries = 0  # a launch that is sent twice is two runs
    # Each request has a deadline of its own; the client's per-read limits would only get in its way.
    network_timeout = NO_LIMIT_SECONDS
    connection_timeout = NO_LIMIT_SECONDS

    def on_start(self) -> None:
        self.number = next(CREW.numbers)
        self.headers: dict[str, str] = HEADERS | CREW.connect.get()
        self.environment.runner.send_message(
            "connected",
            {
                "user": self.number,
                "worker_index": self.environment.runner.worker_index,
                "problem": self._use_connection(CONNECT_SECONDS),
            },
        )

    @task
    def launch(self) -> None:
        """Launch at the intended instant, report, stop."""
        released = CREW.released.get()
        order = CREW.orders[self.number]
        intended = released + order.offset
        if intended - CREW.clock.now() > FRESH_SECONDS:
            _sleep_until(intended - REFRESH_LEAD_SECONDS)
            self._use_connection(REFRESH_LEAD_SECONDS / 2)
        _sleep_until(intended)
        sent = CREW.clock.now()
        status, answer = self._post(order)
        record = {
            "index": order.index,
            "kind": order.kind,
            "intended_epoch_seconds": intended,
            "sent_epoch_seconds": sent,
            "answered_epoch_seconds": None if answer.outcome == "timeout" else CREW.clock.now(),
            "run_id": answer.run_id,
            "outcome": answer.outcome,
            "message": answer.message,
            "http_status": status,
            "worker_index": self.environment.runner.worker_index,
        }
        used = time.process_time() - CREW.cpu_when_released
        self.environment.runner.send_message("answered", {"record": record, "cpu_seconds": used})
        raise StopUser

    def _post(self, order: Order) -> tuple[int, Answer]:
        began = time.monotonic()
        try:
            with gevent.Timeout(order.timeout_seconds):
                response = self.client.post(
                    "/graphql", data=order.body, headers=self.headers, name=order.kind
                )
                if response.status_code:
                    return response.status_code, read_answer(
                        order.kind, response.status_code, response.content or b""
                    )
                problem: BaseException | None = getattr(response, "error", None)
        except FAILURE_EXCEPTIONS as error:
            problem = error
        # The client wraps a time-out in exceptions of its own, so the clock is asked instead.
        if time.monotonic() - began >= order.timeout_seconds:
            return 0, Answer("timeout", message=f"no answer within {order.timeout_seconds:g}s")
        return 0, Answer("error", message=one_line(f"{type(problem).__name__}: {problem}"))

    def _use_connection(self, seconds: float) -> str:
        """Make one cheap request, which opens the connection if need be; returns what went wrong."""
        try:
            with gevent.Timeout(seconds):
                response = self.client.get("/server_info", headers=self.headers, name="connect")
        except FAILURE_EXCEPTIONS as error:
            return one_line(f"{type(error).__name__}: {error}")
        return "" if response.status_code else one_line(getattr(response, "error", "no answer"))


def _sleep_until(instant: float) -> None:
    # gevent's timers count from the loop's cached time, so they may fire early: look again.
    while (left := instant - CREW.clock.now()) > 0:
        gevent.sleep(left)


def _tell_time(runner: Any, ask: int) -> None:
    runner.send_message("time", {"ask": ask, "worker_index": runner.worker_index, "now": time.time()})


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _follow_harness(runner: Any, conductor: Conductor) -> None:
    """Read commands until the harness closes the pipe, on purpose or by dying; then quit."""
    with FileObject(sys.stdin.fileno(), "rb", closefd=False) as commands:
        for line in commands:
            conductor.command(json.loads(line))
    gevent.spawn_later(QUIT_SECONDS, _end_by_force)
    runner.quit()


def _end_by_force() -> None:
    # A master that quits while its workers still look for it would leave them behind.
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


@events.init.add_listener  # type: ignore[untyped-decorator]
def _take_places(runner: Any, **_: Any) -> None:
    if not isinstance(runner, WorkerRunner):
        conductor = Conductor(runner.send_message, _say, time.process_time)
        runner.environment.events.spawning_complete.add_listener(lambda **_: conductor.spawned())
        runner.register_message("connected", lambda msg, **_: conductor.connected(msg.node_id, msg.data))
        runner.register_message("answered", lambda msg, **_: conductor.answered(msg.data))
        runner.register_message("time", lambda msg, **_: conductor.told_time(msg.data))
        gevent.spawn(_follow_harness, runner, conductor)
    if not isinstance(runner, MasterRunner):
        runner.register_message("connect", lambda msg, **_: CREW.connect.set(msg.data["headers"]))
        runner.register_message("assign", lambda msg, **_: CREW.assign(msg.data))
        runner.register_message("tell_time", lambda msg, **_: _tell_time(runner, msg.data["ask"]))
        runner.register_message("release", lambda msg, **_: CREW.release(msg.data["at"]))

"""Leads the Locust processes of one plan: who sends what, and when all may begin.

It lives in Locust's master (or only) process and holds no I/O of its own: `send` is Locust's messaging
to the workers, `say` writes a line to the harness.

    harness       conductor                 workers (or Locust's only process)
    plan     ->
    connect  ->   connect (when spawned)  ->  every user opens its connection
                                          <-  connected
             <-   ready, after each worker got its `assign`
    clock    ->   tell_time               ->  each process looks at its clock
             <-   clock, clock, ...          <-  time
    release  ->   release                 ->  users wait for their instant, then send
             <-   sent, sent, ..., done      <-  answered
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


Send = Callable[[str, Message, str | None], None]
"""Message kind, content, and the worker it is for (none: all)."""


class Conductor:
    """Passes orders down and records up; every request of the plan goes to exactly one user."""

    def __init__(self, send: Send, say: Callable[[Message], None], cpu_seconds: Callable[[], float]) -> None:
        """Wait for the plan.

        Args:
            send, say: where messages go.
            cpu_seconds: CPU time that this process has used so far.
        """
        self._send, self._say, self._cpu_seconds = send, say, cpu_seconds
        self._cpu_when_released = 0.0
        self._plan: Message = {}
        self._spawned = False
        self._connect_asked = False
        self._connected: list[tuple[int, int, str]] = []
        self._answered = 0

    def command(self, message: Message) -> None:
        """Take one command of the harness."""
        match message["kind"]:
            case "plan":
                self._plan = message
            case "connect":
                self._connect_asked = True
                self._connect_when_spawned()
            case "clock":
                self._send("tell_time", {"ask": message["ask"]}, None)
            case "release":
                self._cpu_when_released = self._cpu_seconds()
                self._send("release", {"at": message["at"]}, None)

    def spawned(self) -> None:
        """All users of all workers exist."""
        self._spawned = True
        self._connect_when_spawned()

    def connected(self, node: str, report: Message) -> None:
        """A user of worker `node` has its connection, or could not get one."""
        if report["problem"]:
            self._say({"kind": "unreachable", "message": report["problem"]})
            return
        self._connected.append((report["user"], report["worker_index"], node))
        if len(self._connected) == len(self._plan["requests"]):
            self._assign()
            self._say({"kind": "ready"})

    def told_time(self, report: Message) -> None:
        """A process has looked at its clock."""
        self._say({"kind": "clock", **report})

    def answered(self, report: Message) -> None:
        """A user has its answer, or has given up on it."""
        self._say({"kind": "sent", **report})
        self._answered += 1
        if self._answered == len(self._plan["requests"]):
            self._say({"kind": "done", "cpu_seconds": self._cpu_seconds() - self._cpu_when_released})

    def _connect_when_spawned(self) -> None:
        if self._spawned and self._connect_asked:
            self._send("connect", {"headers": self._plan["headers"]}, None)

    def _assign(self) -> None:
        # By user number first: neighbours in the schedule go to different workers.
        orders: dict[str, list[Message]] = defaultdict(list)
        for index, (user, _, node) in enumerate(sorted(self._connected)):
            request, offset = self._plan["requests"][index], self._plan["offsets"][index]
            orders[node].append({"user": user, "index": index, "offset": offset, **request})
        for node, mine in orders.items():
            self._send("assign", {"timeout_seconds": self._plan["timeout_seconds"], "orders": mine}, node)

"""What becomes of the pods of one experiment, followed as it happens."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.errors import ExperimentError
from harness.stack.base import StackEvent
from harness.stack.guarded import Guarded
from harness.stack.kubectl import Kubectl
from harness.stack.pod_specs import SERVER

OOM = "OOMKilled"
_ANEW_SECONDS = 2.0
"""A watch that the API server ended, as it does now and then, is begun again after so long."""
_MOST_FAILURES = 5


@dataclass(frozen=True)
class End:
    """How a pod ended."""

    at_epoch_seconds: float
    reason: str
    """As Kubernetes tells it, such as `OOMKilled`, `Error` or `Evicted`."""
    exit_code: int | None


class PodWatch:
    """Follows them in a thread of its own."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._ends: dict[str, End] = {}
        self._past: list[StackEvent] = []
        """Of pods that were made again since."""
        self._uids: dict[str, str] = {}
        self._over: set[str] = set()
        self._nodes: dict[str, str] = {}
        self._lost = ""
        self._failures = 0
        """Watches in a row that failed."""
        self._closing = threading.Event()
        self._helper: Guarded | None = None
        self._thread = threading.Thread(target=self._follow, name="pods", daemon=True)
        self._thread.start()

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """Pods that have ended."""
        return (*self._past, *(_event(name, end) for name, end in list(self._ends.items())))

    def ended(self, spared: Collection[str] = ()) -> str:
        """Name of a pod that has ended, the first not `spared`; empty while all run."""
        if self._lost:
            raise ExperimentError(f"the cluster stopped telling of the pods ({self._lost})")
        return next((name for name in list(self._ends) if name not in spared), "")

    def end_of(self, name: str) -> End | None:
        """How one ended; None while it runs."""
        return self._ends.get(name)

    def forget(self, name: str) -> None:
        """A pod that has ended is gone, and another one of the same name comes."""
        self._over.add(self._uids[name])
        self._past.append(_event(name, self._ends.pop(name)))

    def node_of(self, name: str) -> str:
        """Where a pod is; empty where that is not known yet."""
        return self._nodes.get(name, "")

    def close(self) -> None:
        """Stop following: what comes now is the harness's own doing."""
        self._closing.set()
        if self._helper is not None:
            self._helper.close()
        self._thread.join(15)

    def _follow(self) -> None:
        try:
            while not self._closing.is_set():
                self._watch()
                self._closing.wait(_ANEW_SECONDS)
        except Exception as error:  # whatever it was, nobody follows them any more
            self._lost = str(error) or type(error).__name__

    def _watch(self) -> None:
        command = self._kubectl.command("get", "pods", "--watch", "--output", "json")
        self._helper = helper = Guarded(command, environment=self._kubectl.environment)
        decoder, rest = json.JSONDecoder(), ""
        assert helper.process.stdout is not None
        try:
            for line in helper.process.stdout:
                rest += line
                if line.rstrip() != "}":  # the end of an object that is indented
                    continue
                told, _ = decoder.raw_decode(rest.lstrip())
                rest, self._failures = "", 0
                self._accept(told)
        except ValueError:
            return  # closed while it read
        if helper.process.wait() and not self._closing.is_set():
            self._failures += 1
            if self._failures == _MOST_FAILURES:
                raise ExperimentError(helper.complaint)

    def _accept(self, told: dict[str, Any]) -> None:
        if self._closing.is_set() or told.get("kind") != "Pod":
            return
        name, uid = told["metadata"]["name"], told["metadata"].get("uid", "")
        if uid in self._over:  # the last that is told of one that was made again
            return
        self._uids[name] = uid
        self._nodes[name] = told["spec"].get("nodeName", "")
        if (end := end_of(told)) is not None:
            self._ends.setdefault(name, end)


def _event(name: str, end: End) -> StackEvent:
    return StackEvent(end.at_epoch_seconds, name, "oom" if end.reason == OOM else "exit", end.exit_code)


def end_of(told: dict[str, Any]) -> End | None:
    """How a pod ended, by its document; None while it runs."""
    status = told.get("status", {})
    for one in status.get("containerStatuses", ()):
        terminated = one.get("state", {}).get("terminated")
        if one["name"] == SERVER and terminated:
            at = _instant(terminated.get("finishedAt"))
            return End(at, terminated.get("reason", ""), terminated.get("exitCode"))
    if status.get("phase") == "Failed":  # evicted, or its node was lost: nothing of containers is told
        return End(time.time(), status.get("reason", "Failed"), None)
    if told["metadata"].get("deletionTimestamp"):  # by somebody else: the harness does not look any more then
        return End(time.time(), "Deleted", None)
    return None


def _instant(told: str | None) -> float:
    return datetime.fromisoformat(told).timestamp() if told else time.time()


def why_not_ready(status: dict[str, Any]) -> str:
    """What Kubernetes says of a pod that is not ready, such as the scheduler's reason."""
    for one in status.get("conditions", ()):
        if one["type"] == "PodScheduled" and one["status"] != "True":
            return str(one.get("message") or "it is not scheduled yet")
    for one in status.get("containerStatuses", ()):
        waiting = one.get("state", {}).get("waiting")
        if waiting and waiting.get("reason") != "ContainerCreating":
            return f"{waiting.get('reason')}: {waiting.get('message', '')}".strip(": ")
    return "its containers start, or do not listen yet"

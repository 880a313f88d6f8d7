"""What the Kubernetes stack makes of code servers that end, told by a `kubectl` that prints it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.errors import ExperimentError
from harness.stack.base import Loss
from harness.stack.kubectl import Kubectl
from harness.stack.pod_specs import SERVER
from harness.stack.pod_watch import PodWatch
from harness.stack.running_pods import RunningPods

PODS = {"server-1": "code-server-1", "server-2": "code-server-2"}


class Printing(Kubectl):
    """Prints what is in a file, and what is added to it."""

    def __init__(self, file: Path) -> None:
        super().__init__("here", "mine", "none")
        self._file = file
        file.touch()

    def command(self, *arguments: str) -> list[str]:
        assert arguments[:2] == ("get", "pods")
        return ["tail", "-n", "+1", "-f", str(self._file)]

    def tell(self, name: str, uid: str, reason: str = "", **metadata: Any) -> None:
        state: dict[str, Any] = {"running": {}}
        if reason:
            state = {"terminated": {"reason": reason, "exitCode": 137, "finishedAt": "2026-11-29T10:00:00Z"}}
        told = {
            "kind": "Pod",
            "metadata": {"name": name, "uid": f"{name}-{uid}", **metadata},
            "spec": {"nodeName": "node1"},
            "status": {"phase": "Running", "containerStatuses": [{"name": SERVER, "state": state}]},
        }
        with self._file.open("a") as stream:
            stream.write(json.dumps(told, indent=4) + "\n")


@pytest.fixture
def told(tmp_path: Path) -> Printing:
    return Printing(tmp_path / "told")


@pytest.fixture
def watch(told: Printing) -> Iterator[PodWatch]:
    found = PodWatch(told)
    yield found
    found.close()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pods(watch: PodWatch, restarts: bool, told: Printing) -> RunningPods:
    def make_anew(names: Collection[str]) -> None:
        for name in names:
            told.tell(name, "old", deletionTimestamp="2026-11-29T10:00:09Z")
            watch.forget(name)
            told.tell(name, "old", deletionTimestamp="2026-11-29T10:00:09Z")  # the last word of the old one
            told.tell(name, "new")

    unused: Any = None
    return RunningPods(
        *(unused, unused, unused, unused, unused, (), ()),
        watch=watch,
        clock=cast(Any, SimpleNamespace(reopen=lambda: None)),
        reach=cast(Any, SimpleNamespace(log_of=lambda name: f"last line of {name}")),
        forwarded=lambda: True,
        pods=PODS,
        restarts=restarts,
        make_anew=make_anew,
    )


def test_a_lost_server_is_told_of_and_made_again(told: Printing, watch: PodWatch) -> None:
    running = pods(watch, True, told)
    for name in PODS.values():
        told.tell(name, "old")
    eventually(lambda: watch.node_of("code-server-2") == "node1")
    assert not running.losses
    told.tell("code-server-2", "old", "OOMKilled")
    eventually(lambda: bool(running.losses))
    assert running.losses == (Loss("server-2", 1795946400.0, "oom"),)
    running.check()  # it is to be survived
    running.revive()
    told.tell("code-server-1", "old", "Error")  # so that all before it was read
    eventually(lambda: bool(running.losses))
    assert running.losses == (Loss("server-1", 1795946400.0, "exit"),)
    assert [(one.service, one.kind) for one in running.events] == [
        ("code-server-2", "oom"),
        ("code-server-1", "exit"),
    ]


def test_without_restart_a_lost_server_ends_the_cell(told: Printing, watch: PodWatch) -> None:
    running = pods(watch, False, told)
    told.tell("code-server-1", "old", "OOMKilled")
    eventually(lambda: watch.end_of("code-server-1") is not None)
    assert not running.losses
    with pytest.raises(ExperimentError, match="code-server-1: the kernel killed it at the memory limit"):
        running.check()


def test_the_death_of_what_stands_beside_is_never_survived(told: Printing, watch: PodWatch) -> None:
    running = pods(watch, True, told)
    told.tell("postgres", "old", "Error")
    eventually(lambda: watch.end_of("postgres") is not None)
    with pytest.raises(ExperimentError, match=r"postgres ended with exit code 137 \(Error\): last line of"):
        running.check()

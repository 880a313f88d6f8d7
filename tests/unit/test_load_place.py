"""The commands that start Locust elsewhere, and what its clocks say."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import ExperimentError
from harness.load.clocks import farthest_offset
from harness.load.place import Elsewhere, commands_elsewhere

PODS = Elsewhere(
    url="http://webserver:3000/graphql",
    reached_by=(("in", "load"), ("in", "load-1"), ("in", "load-2")),
    master="10.0.0.7",
    locustfile="/opt/locustfile.py",
    environment={"KUBECONFIG": "here"},
)


def test_one_process_is_one_locust_that_sends_by_itself() -> None:
    commands = commands_elsewhere(PODS, users=9, processes=1)
    first = list(commands.first)
    assert first[:5] == ["in", "load", "python", "-m", "locust"]
    assert first[first.index("--host") + 1] == "http://webserver:3000"
    assert first[first.index("--users") + 1] == "9"
    assert "--master" not in first
    assert commands.workers == ()
    assert commands.environment == {"KUBECONFIG": "here"}


def test_several_are_a_master_and_its_workers_each_on_a_machine_of_its_own() -> None:
    commands = commands_elsewhere(PODS, users=9, processes=2)
    first = list(commands.first)
    assert first[first.index("--expect-workers") + 1] == "2"
    port = first[first.index("--master-bind-port") + 1]
    assert [worker[:2] for worker in commands.workers] == [["in", "load-1"], ["in", "load-2"]]
    for worker in commands.workers:
        assert list(worker)[-4:] == ["--master-host", "10.0.0.7", "--master-port", port]


def test_too_few_machines_are_said() -> None:
    with pytest.raises(ValueError, match="3 take 4 machines, there are 3"):
        commands_elsewhere(PODS, users=9, processes=3)


class Clocks:
    """Locust processes with clocks of their own; the way to them takes `slow` seconds at every second ask."""

    def __init__(self, ahead: list[float], slow: float = 0.0) -> None:
        self.time, self._ahead, self._slow = 100.0, ahead, slow
        self._answers: list[dict[str, Any]] = []

    def now(self) -> float:
        return self.time

    def send(self, message: dict[str, Any]) -> None:
        assert message["kind"] == "clock"
        there = 0.002 + (self._slow if message["ask"] % 2 else 0.0)
        self.time += there
        self._answers = [
            {"kind": "clock", "worker_index": index, "now": self.time + ahead}
            for index, ahead in enumerate(self._ahead)
        ]

    def receive(self, timeout: float) -> dict[str, Any]:
        if not self._answers:
            raise TimeoutError
        self.time += 0.002
        return self._answers.pop(0)


def test_the_clock_that_is_farthest_off_is_told_by_the_quickest_answer() -> None:
    clocks = Clocks([0.02, -0.3, 0.1], slow=1.0)
    assert farthest_offset(clocks, 3, clocks.now) == pytest.approx(-0.3, abs=0.005)


def test_a_process_that_does_not_tell_ends_it() -> None:
    clocks = Clocks([0.0])
    with pytest.raises(ExperimentError, match="tell the time"):
        farthest_offset(clocks, 2, clocks.now)

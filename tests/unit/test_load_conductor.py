from collections.abc import Callable
from typing import Any

import pytest

from harness.load.conductor import Conductor
from harness.load.generator import LoadGenerator, LoadPlan

PLAN = {
    "kind": "plan",
    "timeout_seconds": 5.0,
    "headers": {"Dagster-Cloud-Api-Token": "secret"},
    "requests": [{"kind": "launch", "variables": {"n": i}} for i in range(5)],
    "offsets": [0.0, 0.1, 0.2, 0.3, 0.4],
}


class Wire:
    """Records what the conductor sends and says."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any], str | None]] = []
        self.said: list[dict[str, Any]] = []
        self.used = 1.5
        self.conductor = Conductor(
            lambda kind, data, node: self.sent.append((kind, data, node)), self.said.append, lambda: self.used
        )

    def connect_all(self) -> None:
        self.conductor.command(PLAN)
        self.conductor.spawned()
        self.conductor.command({"kind": "connect"})
        # five users on two workers, reporting in no particular order
        for node, worker, user in [("b", 1, 1), ("a", 0, 2), ("a", 0, 0), ("b", 1, 0), ("a", 0, 1)]:
            self.conductor.connected(node, {"user": user, "worker_index": worker, "problem": ""})


@pytest.mark.parametrize("spawned_first", [True, False])
def test_users_connect_once_they_exist_and_the_harness_asks(spawned_first: bool) -> None:
    wire = Wire()
    wire.conductor.command(PLAN)
    steps: list[Callable[[], None]] = [
        wire.conductor.spawned,
        lambda: wire.conductor.command({"kind": "connect"}),
    ]
    first, second = steps if spawned_first else reversed(steps)
    first()
    assert wire.sent == []
    second()
    assert wire.sent == [("connect", {"headers": PLAN["headers"]}, None)]


def test_every_request_goes_to_one_user_and_neighbours_to_different_workers() -> None:
    wire = Wire()
    wire.connect_all()
    assigned = {node: data for kind, data, node in wire.sent if kind == "assign"}
    assert {node: [o["index"] for o in data["orders"]] for node, data in assigned.items()} == {
        "a": [0, 2, 4],
        "b": [1, 3],
    }
    orders = [order for data in assigned.values() for order in data["orders"]]
    assert all(o["variables"] == {"n": o["index"]} for o in orders)
    assert all(o["offset"] == PLAN["offsets"][o["index"]] for o in orders)  # type: ignore[index]
    assert wire.said == [{"kind": "ready"}]


def test_one_user_without_a_connection_means_not_ready() -> None:
    wire = Wire()
    wire.conductor.command(PLAN)
    for user in range(4):
        wire.conductor.connected("a", {"user": user, "worker_index": 0, "problem": ""})
    wire.conductor.connected("a", {"user": 4, "worker_index": 0, "problem": "refused"})
    assert wire.said == [{"kind": "unreachable", "message": "refused"}]


def test_it_is_done_with_the_last_answer_and_not_before() -> None:
    wire = Wire()
    wire.connect_all()
    wire.conductor.command({"kind": "release", "at": 10.0})
    wire.used = 2.0
    for index in range(5):
        assert wire.said[-1]["kind"] != "done"
        wire.conductor.answered({"record": {"index": index}, "cpu_seconds": 0.1})
    assert [message["kind"] for message in wire.said[-2:]] == ["sent", "done"]
    assert wire.said[-1]["cpu_seconds"] == 0.5  # the conductor's own since the release


def test_every_process_is_asked_for_the_time() -> None:
    wire = Wire()
    wire.connect_all()
    wire.conductor.command({"kind": "clock", "ask": 3})
    assert wire.sent[-1] == ("tell_time", {"ask": 3}, None)
    wire.conductor.told_time({"ask": 3, "worker_index": 1, "now": 7.0})
    assert wire.said[-1] == {"kind": "clock", "ask": 3, "worker_index": 1, "now": 7.0}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://127.0.0.1:1/other"}, "url"),
        ({"requests": ()}, "offsets"),
        ({"offsets": (0.0,)}, "offsets"),
        ({"offsets": (1.0, 0.0)}, "offsets"),
        ({"offsets": (-1.0, 0.0)}, "offsets"),
        ({"processes": 3}, "processes"),
        ({"processes": 0}, "processes"),
    ],
)
def test_a_plan_whose_parts_do_not_fit_is_refused(changes: dict[str, Any], field: str) -> None:
    values: dict[str, Any] = {
        "url": "http://127.0.0.1:1/graphql",
        "requests": ({}, {}),
        "offsets": (0.0, 0.0),
        "timeout_seconds": 1.0,
    }
    LoadPlan(**values)
    with pytest.raises(ValueError, match=f"^{field}:"):
        LoadPlan(**(values | changes))


def test_a_generator_that_was_not_prepared_cannot_fire() -> None:
    with LoadGenerator() as generator, pytest.raises(RuntimeError, match="prepare"):
        generator.release(0.0)

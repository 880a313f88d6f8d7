"""Which node measures which round, with scripted nodes."""

from __future__ import annotations

import threading

import pytest

from harness.campaign.parallel import measure_in_parallel
from harness.errors import ExperimentError


class Nodes:
    """Measure rounds at once, and may be lost at a round."""

    def __init__(self, lost: dict[str, int] | None = None, broken: frozenset[int] = frozenset()) -> None:
        self._lost, self._broken = lost or {}, broken
        self._lock = threading.Lock()
        self.done: list[tuple[int, str]] = []
        self.gone: set[str] = set()
        self.notes: list[str] = []

    def measured(self, number: int, node: str) -> str:
        with self._lock:
            self.done.append((number, node))
            if self._lost.get(node) == number:
                self.gone.add(node)
                return "the sampler ended"
            return "the workload is broken" if number in self._broken else ""

    def run(self, begun: dict[int, str], *nodes: str) -> None:
        measure_in_parallel(
            begun, nodes, self.measured, self.gone.__contains__, self.notes.append, "round {}".format
        )


def fresh(rounds: int) -> dict[int, str]:
    return dict.fromkeys(range(1, rounds + 1), "")


def test_every_round_is_measured_once() -> None:
    nodes = Nodes()
    nodes.run(fresh(9), "a", "b", "c")
    assert sorted(number for number, _ in nodes.done) == list(range(1, 10))


def test_two_nodes_measure_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=20)

    def measured(_number: int, _node: str) -> str:
        both.wait()
        return ""

    measure_in_parallel(fresh(4), ("a", "b"), measured, lambda _: False, lambda _: None, str)


def test_a_lost_node_s_round_is_measured_whole_on_another() -> None:
    nodes = Nodes(lost={"b": 2})
    nodes.run({1: "a", 2: "b", 3: "", 4: ""}, "a", "b")
    assert [node for number, node in nodes.done if number == 2] == ["b", "a"]
    assert sorted(number for number, _ in nodes.done) == [1, 2, 2, 3, 4]
    assert nodes.notes == ["node b is lost; round 2 is measured again, whole, on another"]


def test_no_node_left_is_said() -> None:
    nodes = Nodes(lost={"a": 1, "b": 2})
    with pytest.raises(ExperimentError, match="no node is left for round 1, round 2, round 3"):
        nodes.run({1: "a", 2: "b", 3: "a"}, "a", "b")


def test_what_breaks_off_on_a_node_that_is_there_ends_the_whole() -> None:
    nodes = Nodes(broken=frozenset({1}))
    with pytest.raises(ExperimentError, match="the workload is broken"):
        nodes.run(fresh(50), "a")
    assert nodes.done == [(1, "a")]


def test_a_round_goes_on_where_it_was_begun() -> None:
    nodes = Nodes()
    nodes.run({1: "b", 2: "a", 3: "elsewhere"}, "a", "b")
    assert {(1, "b"), (2, "a")} <= set(nodes.done)
    assert len(nodes.done) == 3


def test_what_goes_wrong_in_a_thread_is_told() -> None:
    def broken(_number: int, _node: str) -> str:
        raise OSError("no such command")

    with pytest.raises(ExperimentError, match="no such command"):
        measure_in_parallel(fresh(3), ("a", "b"), broken, lambda _: False, lambda _: None, str)

"""What happens between two walks, or in the midst of one, on a scripted machine."""

from __future__ import annotations

import time

import pytest

from harness.observe.tree import ProcessSample, TreeWalker
from tests.unit.scripted_machine import SPAWN, Machine, Scripted

SERVER = ["python", "-m", "dagster", "api", "grpc"]
ROOT = 10


@pytest.fixture
def machine() -> Machine:
    return Machine(
        Scripted(1, 0, ["init"]),
        Scripted(5, 1, ["sshd"]),
        Scripted(ROOT, 1, SERVER),
        Scripted(11, ROOT, SPAWN),
    )


def walked(walker: TreeWalker) -> dict[int, ProcessSample]:
    return {one.pid: one for one in walker.walk()}


def roles(walker: TreeWalker) -> dict[int, str]:
    return {one.pid: one.role for one in walker.walk()}


def test_a_process_and_its_child_that_came_between_two_walks_are_found_parents_first(
    machine: Machine,
) -> None:
    walker = TreeWalker(ROOT, system=machine.system)
    assert roles(walker) == {ROOT: "server", 11: "run"}
    machine.start(Scripted(13, ROOT, SPAWN))
    machine.start(Scripted(12, 13, SPAWN))  # pids have wrapped round
    assert list(roles(walker).items()) == [(ROOT, "server"), (11, "run"), (13, "run"), (12, "step")]


def test_only_new_processes_of_the_machine_are_looked_at(machine: Machine) -> None:
    walker = TreeWalker(ROOT, system=machine.system)
    walker.walk()
    machine.opened.clear()
    machine.start(Scripted(20, 5, ["bash"]))
    assert roles(walker) == roles(walker) == {ROOT: "server", 11: "run"}
    assert machine.opened == [20]


def test_the_machine_is_not_searched_where_the_group_knows_the_server(machine: Machine) -> None:
    group = [ROOT, 11]
    walker = TreeWalker(ROOT, group=lambda: group, system=machine.system)
    walker.walk()
    machine.start(Scripted(12, 11, SPAWN))
    group.append(12)
    assert roles(walker) == {ROOT: "server", 11: "run", 12: "step"}
    assert (machine.listed, sorted(machine.opened)) == (0, [ROOT, 11, 12])


def test_another_process_with_the_pid_of_one_that_ended_is_not_taken_for_it(machine: Machine) -> None:
    walker = TreeWalker(ROOT, system=machine.system)
    walker.walk()
    machine.end(11)
    machine.start(Scripted(11, 5, SPAWN))
    assert roles(walker) == {ROOT: "server"}
    machine.end(11)
    assert roles(walker) == {ROOT: "server"}
    machine.start(Scripted(11, ROOT, ["node", "sidecar.js"]))
    assert roles(walker) == {ROOT: "server", 11: "other"}


def test_a_tree_whose_root_has_ended_stays_empty_whoever_gets_its_pid(machine: Machine) -> None:
    walker = TreeWalker(ROOT, system=machine.system)
    walker.walk()
    machine.end(ROOT)
    assert walker.walk() == []
    machine.start(Scripted(ROOT, 1, SERVER))
    assert walker.walk() == []


def test_a_tree_whose_root_comes_late_is_found(machine: Machine) -> None:
    root = machine.processes.pop(ROOT)
    walker = TreeWalker(ROOT, system=machine.system)
    assert walker.walk() == []
    machine.start(root)
    assert roles(walker) == {ROOT: "server", 11: "run"}


def test_one_that_ends_after_it_was_listed_is_left_out(machine: Machine) -> None:
    machine.processes[11].gone = True
    assert roles(TreeWalker(ROOT, system=machine.system)) == {ROOT: "server"}


def test_one_that_ends_before_its_memory_is_read_is_told_without_it(machine: Machine) -> None:
    machine.processes[11].before_shares = lambda: machine.end(11)
    walker = TreeWalker(ROOT, system=machine.system)
    ended = walked(walker)[11]
    assert (ended.role, ended.pss_bytes, ended.uss_bytes, ended.open_files) == ("run", None, None, None)
    assert ended.rss_bytes == 1000
    assert roles(walker) == {ROOT: "server"}


def test_one_whose_parent_was_made_while_they_were_listed_is_found_at_the_next_walk(machine: Machine) -> None:
    walker = TreeWalker(ROOT, system=machine.system)
    walker.walk()
    machine.start(Scripted(3, ROOT, SPAWN))
    machine.start(Scripted(15, 3, SPAWN))
    machine.hidden.add(3)
    assert roles(walker) == {ROOT: "server", 11: "run"}
    machine.hidden.clear()
    assert roles(walker) == {ROOT: "server", 11: "run", 3: "run", 15: "step"}


def test_one_that_left_the_tree_before_it_was_seen_is_known_by_the_group(machine: Machine) -> None:
    machine.start(Scripted(12, 1, ["sleep"]))
    machine.start(Scripted(14, 12, ["sleep"]))
    walker = TreeWalker(ROOT, group=lambda: (12, 99), system=machine.system)
    assert roles(walker) == {ROOT: "server", 11: "run", 12: "other", 14: "other"}


def test_one_that_leaves_the_tree_stays_in_it_with_its_role(machine: Machine) -> None:
    machine.start(Scripted(12, 11, SPAWN))
    walker = TreeWalker(ROOT, system=machine.system)
    walker.walk()
    machine.end(11)
    assert machine.processes[12].ppid == 1
    assert roles(walker) == {ROOT: "server", 12: "step"}


def test_a_zombie_keeps_its_role_and_is_not_asked_for_its_memory(machine: Machine) -> None:
    walker = TreeWalker(ROOT, detail_cpu_share=float("inf"), system=machine.system)
    assert walked(walker)[11].pss_bytes == 900
    run = machine.processes[11]
    run.status, run.command, run.image = "zombie", [], None
    ended = walked(walker)[11]
    assert (ended.role, ended.status, ended.pss_bytes) == ("run", "zombie", None)


def test_a_command_line_is_read_again_only_after_another_program_was_executed(machine: Machine) -> None:
    run = machine.start(Scripted(12, ROOT, SERVER))  # a fork that is still a copy of its parent
    walker = TreeWalker(ROOT, system=machine.system)
    assert [roles(walker)[12] for _ in range(3)] == ["server"] * 3
    assert run.read == 1
    run.command, run.image = SPAWN, (b"python", b"2")
    assert [roles(walker)[12] for _ in range(3)] == ["run"] * 3
    assert run.read == 2


def test_where_nothing_tells_of_programs_the_command_line_is_read_at_each_walk(machine: Machine) -> None:
    run = machine.start(Scripted(12, ROOT, SERVER, image=None))
    walker = TreeWalker(ROOT, system=machine.system)
    assert roles(walker)[12] == "server"
    run.command = SPAWN
    assert roles(walker)[12] == "run"


def test_a_health_check_in_the_tree_has_its_memory_read(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    walker = TreeWalker(ROOT, detail_cpu_share=1e-9, system=machine.system)
    walker.walk()
    assert not any(one.pss_bytes for one in walker.walk())
    now[0] += 10  # for a health check, long after the reading that has just been made
    assert not any(one.pss_bytes for one in walker.walk())
    machine.start(Scripted(12, ROOT, ["dagster", "api", "grpc-health-check"]))
    assert walked(walker)[12].pss_bytes == 900


def test_memory_is_read_where_it_stands_higher_than_before_and_after_a_reset(machine: Machine) -> None:
    level = [100]
    walker = TreeWalker(ROOT, 1e-9, level=lambda: level[0], system=machine.system)

    def read() -> bool:
        return any(one.pss_bytes for one in walker.walk())

    assert [read(), read()] == [True, False]
    level[0] = 200
    assert [read(), read()] == [True, False]
    walker.restart()
    assert read()

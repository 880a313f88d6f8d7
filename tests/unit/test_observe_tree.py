import os
import subprocess
import tempfile
import time
from collections.abc import Iterator

import psutil
import pytest

from harness.observe.tree import PROCESS_COLUMNS, Role, TreeWalker, role_of, walk
from harness.observe.tree_reader import TreeReader
from tests.unit.observe_support import Tree, process_tree, wait_for

MIB = 2**20


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    with process_tree() as standing:
        wait_for(lambda: psutil.Process(standing.ended).status() == psutil.STATUS_ZOMBIE)
        yield standing


def test_open_files_are_those_of_each_process() -> None:
    with tempfile.TemporaryFile() as first, tempfile.TemporaryFile():
        assert not first.closed
        two = walk(os.getpid())[0].open_files
    none = walk(os.getpid())[0].open_files
    assert two is not None
    assert none is not None
    assert two - none == 2


def test_every_process_has_its_role(tree: Tree) -> None:
    roles = {process.pid: process.role for process in walk(tree.root)}
    assert roles[tree.root] == "server"
    assert roles[tree.run] == "run"
    assert roles[tree.step] == "step"
    assert roles[tree.helper] == "helper"


def test_memory_threads_and_cpu_are_those_of_each_process(tree: Tree) -> None:
    by_pid = {process.pid: process for process in walk(tree.root)}
    run, step = by_pid[tree.run], by_pid[tree.step]
    assert run.ppid == tree.root
    assert step.ppid == tree.run
    assert run.threads >= 2
    assert run.cpu_seconds > 0
    for process, ballast in ((run, 40 * MIB), (step, 20 * MIB)):
        assert process.rss_bytes is not None
        assert process.pss_bytes is not None
        assert process.uss_bytes is not None
        assert ballast < process.uss_bytes <= process.pss_bytes <= process.rss_bytes * 1.01
        assert process.created_epoch_seconds == pytest.approx(psutil.Process(process.pid).create_time())
    assert dict(zip(PROCESS_COLUMNS, run.row(), strict=True))["uss_bytes"] == run.uss_bytes


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_creation_times_follow_a_clock_that_is_set(monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    walker = TreeWalker(os.getpid())
    [before] = [one for one in walker.walk() if one.pid == os.getpid()]
    told, booted = time.time, psutil._pslinux.boot_time
    monkeypatch.setattr(time, "time", lambda: told() + step)
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: booted() + step)
    [after] = [one for one in walker.walk() if one.pid == os.getpid()]
    assert after.created_epoch_seconds - before.created_epoch_seconds == pytest.approx(step, abs=2)


def test_a_zombie_is_there_but_costs_no_memory(tree: Tree) -> None:
    [zombie] = [process for process in walk(tree.root) if process.pid == tree.ended]
    assert zombie.status == psutil.STATUS_ZOMBIE
    assert (zombie.rss_bytes, zombie.pss_bytes, zombie.uss_bytes) == (None, None, None)
    assert zombie.cpu_seconds > 0


def test_detail_is_left_out_when_it_would_cost_too_much(tree: Tree) -> None:
    walker = TreeWalker(tree.root, detail_cpu_share=1e-6)
    first, second = walker.walk(), walker.walk()
    assert any(process.pss_bytes for process in first)
    assert not any(process.pss_bytes or process.uss_bytes for process in second)
    assert any(process.rss_bytes for process in second)


def test_a_tree_that_is_gone_is_empty() -> None:
    gone = psutil.Popen(["true"])
    gone.wait()
    assert walk(gone.pid) == []


def test_orphans_and_zombies_keep_their_role_until_they_are_gone() -> None:
    with process_tree() as tree:
        walker = TreeWalker(tree.root)
        walker.walk()
        psutil.Process(tree.run).kill()
        wait_for(lambda: psutil.Process(tree.step).ppid() != tree.run)
        after = {process.pid: process for process in walker.walk()}
        assert after[tree.step].role == "step"
        assert after[tree.run].role == "run"
        os.kill(tree.step, 9)
        wait_for(lambda: all(process.pid != tree.step for process in walker.walk()))


def test_what_left_the_tree_is_found_in_the_cgroup() -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stray, process_tree() as tree:
        try:
            walker = TreeWalker(tree.root, group=lambda: (tree.root, tree.run, stray.pid, 2**22 + 1))
            found = [process for process in walker.walk() if process.pid == stray.pid]
            assert [process.role for process in found] == ["other"]
            assert len({process.pid for process in walker.walk()}) == len(walker.walk())
        finally:
            stray.kill()


SPAWN = [
    "python",
    "-c",
    "from multiprocessing.spawn import spawn_main; spawn_main(3)",
    "--multiprocessing-fork",
]


@pytest.mark.parametrize(
    ("command_line", "parent", "role"),
    [
        (["python", "-m", "dagster", "api", "grpc", "-p", "4000"], "server", "server"),
        (["python", "/venv/bin/dagster", "code-server", "start", "--port", "4001"], "server", "server"),
        (["python", "/venv/bin/dagster", "api", "grpc-health-check", "-p", "4000"], None, "check"),
        (SPAWN, "server", "run"),
        (SPAWN, "run", "step"),
        (SPAWN, "step", "step"),
        (["python", "-c", "from multiprocessing.resource_tracker import main;main(9)"], "server", "helper"),
        (["tail", "-F", "-c", "+0", "/scratch/x.out"], "run", "helper"),
        (["python", "/dagster/_core/execution/scripts/watch_orphans.py", "1", "2"], "step", "helper"),
        ([], "run", "helper"),
        (["python", "-c", "import time; time.sleep(600)"], None, "other"),
        (["python", "/dagster/_core/execution/scripts/watch_orphans.py", "1", "2"], None, "helper"),
        (["node", "sidecar.js"], "server", "other"),
    ],
)
def test_roles_of_the_processes_dagster_starts(
    command_line: list[str], parent: Role | None, role: Role
) -> None:
    assert role_of(command_line, parent) == role


def test_without_a_cgroup_the_tree_is_summed(tree: Tree) -> None:
    reader = TreeReader(tree.root)
    first, second = reader.sample(), reader.sample()
    assert first.memory_bytes is not None
    assert first.memory_bytes > 60 * MIB
    assert first.memory_bytes <= sum(process.rss_bytes or 0 for process in walk(tree.root)) * 1.01
    assert first.cpu_seconds is not None
    assert second.cpu_seconds is not None
    assert second.cpu_seconds >= first.cpu_seconds > 0
    assert first.usage_bytes is None
    assert (reader.resettable, reader.watermark(), reader.pressure) == (False, None, "none")


def test_cpu_of_a_vanished_orphan_is_not_lost() -> None:
    with process_tree() as tree:
        reader = TreeReader(tree.root)
        reader.sample()
        psutil.Process(tree.run).kill()
        wait_for(lambda: psutil.Process(tree.step).ppid() != tree.run)
        before = reader.sample().cpu_seconds
        step = psutil.Process(tree.step)
        step.kill()
        wait_for(lambda: not step.is_running())
        after = reader.sample().cpu_seconds
        assert before is not None
        assert after is not None
        assert after >= before


def test_a_tree_reader_whose_tree_is_gone_tells_nothing() -> None:
    gone = psutil.Popen(["true"])
    gone.wait()
    sample = TreeReader(gone.pid).sample()
    assert (sample.memory_bytes, sample.cpu_seconds) == (None, None)

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.observe.kept_files import whole_file
from harness.observe.one_process import ANY_SYSTEM, LINUX, OneProcess, System, parse_vitals
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


@pytest.mark.parametrize("system", [LINUX, ANY_SYSTEM], ids=["linux", "any"])
def test_every_process_has_its_role(tree: Tree, system: System) -> None:
    roles = {process.pid: process.role for process in TreeWalker(tree.root, system=system).walk()}
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


def test_linux_read_directly_tells_what_psutil_tells(tree: Tree) -> None:
    directly, by_psutil = (TreeWalker(tree.root, system=one).walk() for one in (LINUX, ANY_SYSTEM))
    assert [one.pid for one in directly] == [one.pid for one in by_psutil]
    for ours, theirs in zip(directly, by_psutil, strict=True):
        assert (ours.ppid, ours.role, ours.status) == (theirs.ppid, theirs.role, theirs.status)
        assert (ours.threads, ours.open_files) == (theirs.threads, theirs.open_files)
        assert ours.created_epoch_seconds == pytest.approx(theirs.created_epoch_seconds, abs=0.02, rel=0)
        assert ours.cpu_seconds == pytest.approx(theirs.cpu_seconds, abs=0.05)
        assert ours.children_cpu_seconds == pytest.approx(theirs.children_cpu_seconds, abs=0.05)
        for mine, other in zip(ours[5:8], theirs[5:8], strict=True):
            assert mine == (other if other is None else pytest.approx(other, rel=0.02))


def test_a_kept_process_is_gone_when_it_ends_and_never_another() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        kept = LINUX.open(process.pid)
        alive = kept.vitals()
        process.kill()
        wait_for(lambda: getattr(kept.vitals(), "status", "") == psutil.STATUS_ZOMBIE)
        assert (kept.shares(), kept.command_line()) == ((None, None), [])
    assert alive is not None
    assert alive.rss_bytes
    assert kept.vitals() is None
    assert kept.open_files() is None
    kept.close()


def test_files_that_a_process_opened_are_seen_even_if_nothing_else_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = LINUX.open(os.getpid())
    kept.vitals()
    before = kept.open_files() or 0
    told = Path(f"/proc/{os.getpid()}/stat").read_bytes()
    monkeypatch.setattr(os, "pread", lambda *_: told)  # it stays as it is
    opened = [os.dup(0) for _ in range(3)]
    seen = []
    for _ in range(5):
        kept.vitals()
        seen.append(kept.open_files() or 0)
    for one in opened:
        os.close(one)
    kept.close()
    assert 0 < before + 3 == seen[-1]
    assert seen == sorted(seen)


@pytest.mark.parametrize("system", [LINUX, ANY_SYSTEM], ids=["linux", "any"])
def test_a_process_that_executes_another_program_is_told_by_it(system: System) -> None:
    script = "read x; exec python -c 'input()' -m dagster api grpc-health-check"
    with subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        walker = TreeWalker(os.getpid(), system=system)

        def role() -> str:
            return next(one.role for one in walker.walk() if one.pid == process.pid)

        assert wait_for(lambda: role() == "other")
        process.stdin.write("\n")
        process.stdin.flush()
        assert wait_for(lambda: role() == "check")
        walker.close()
        process.kill()


def test_a_name_may_hold_what_stands_around_names() -> None:
    rest = b"S 7 9 9 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 6 0 900 1000 24 18446744073709551615"
    text = b"12 (a) R 1 (b) " + rest + b" 0" * 22 + b" 4242 0 0 0\n"
    told = parse_vitals(text, b"100 25 5 1 0 20 0\n")
    assert (told.ppid, told.status, told.threads) == (7, "sleeping", 6)
    assert (told.cpu_seconds, told.children_cpu_seconds, told.started) == (2.0, 0.5, 9.0)
    assert told.rss_bytes == 25 * os.sysconf("SC_PAGE_SIZE")
    assert told.image == (b"12 (a) R 1 (b", b"4242")
    assert parse_vitals(text.replace(b" 4242 ", b" 0 "), b"0 0 0").image is None


def test_a_walker_keeps_no_descriptor_of_what_has_ended() -> None:
    def open_here() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    before = open_here()
    walker = TreeWalker(os.getpid())
    walker.walk()
    steady = open_here()
    for _ in range(3):
        with subprocess.Popen(["sleep", "60"]) as process:
            assert process.pid in {one.pid for one in walker.walk()}
            process.kill()
        walker.walk()
    assert open_here() == steady
    walker.close()
    assert open_here() == before


def test_without_a_right_to_memory_the_rest_is_told(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.observe.one_process.whole_file", lambda path: b"")
    run: OneProcess = LINUX.open(tree.run)
    assert run.shares() == (None, None)
    assert run.command_line() == []
    assert run.vitals() is not None
    run.close()


def test_mappings_are_added_up_where_the_kernel_does_not_do_it(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = LINUX.open(tree.run)
    summed = run.shares()
    monkeypatch.setattr(
        "harness.observe.one_process.whole_file",
        lambda path: b"" if path.endswith("smaps_rollup") else whole_file(path),
    )
    assert list(run.shares()) == [pytest.approx(size, rel=0.02) for size in summed]
    run.close()


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
    at, processes = reader.walked
    assert at == second.at_epoch_seconds
    assert sum(process.pss_bytes or 0 for process in processes) == second.memory_bytes
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

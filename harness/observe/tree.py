"""The process tree of a code server: who is in it, what each process is for, and what it costs.

    dagster api grpc                          server
    ├── multiprocessing.resource_tracker      helper
    └── multiprocessing.spawn                 run        one per run
        ├── tail, watch_orphans.py            helper     capture of stdout and stderr
        └── multiprocessing.spawn             step       one per live step of the multiprocess executor
            └── tail, watch_orphans.py        helper

    dagster api grpc-health-check             check      executed in the container by who watches it

`dagster code-server start` is a `server` with a `dagster api grpc` below it, which is one too. The same in
Dagster 1.8 to 1.13. Whatever else is in the server's cgroup is `other`, such as a child that
outlived its run and has init for a parent now.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Literal

import psutil

Role = Literal["server", "run", "step", "helper", "check", "other"]

DETAIL_CPU_SHARE = 0.05
"""Share of a core that reading PSS and USS may take; a walk that would take more leaves them out."""
CLOCK_SET_SECONDS = 0.1
"""The machine's clock is taken to have been set when it has moved so far between two walks."""

_ZOMBIE = psutil.STATUS_ZOMBIE
_DAGSTERS_OWN = ("multiprocessing.", "watch_orphans", "tail -F")
"""In command lines of helpers: these end by themselves, or stay as one."""


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """One process at one instant. Memory is None where it cannot be read (zombies, no rights, no PSS)."""

    pid: int
    ppid: int
    created_epoch_seconds: float
    role: Role
    status: str
    rss_bytes: int | None
    pss_bytes: int | None
    uss_bytes: int | None
    threads: int
    cpu_seconds: float
    """User and system time of this process alone."""
    children_cpu_seconds: float
    """The same of its children that have ended and been waited for; 0 where the system does not tell."""
    open_files: int | None
    """Open descriptors, sockets and pipes among them; None without the right to see them."""

    def row(self) -> list[int | float | str | None]:
        """The values in the order of `PROCESS_COLUMNS`."""
        return [getattr(self, name) for name in PROCESS_COLUMNS]


PROCESS_COLUMNS = tuple(field.name for field in fields(ProcessSample))


def _clock_zero() -> float:
    """Epoch seconds at which the monotonic clock stood at 0."""
    return time.time() - time.monotonic()


def walk(root_pid: int) -> list[ProcessSample]:
    """Every process of the tree under `root_pid`, the root first; empty when the root is gone."""
    return TreeWalker(root_pid).walk()


class TreeWalker:
    """Walks one tree again and again.

    It remembers who belongs to the tree, so that a process whose parent died (and which the system gave to
    init) is still counted, and who has which role, so that a zombie, whose command line is gone, keeps its
    own.

    PSS and USS cost thirty times the rest (the kernel walks every page table), so they are read only as
    often as `detail_cpu_share` of one core allows: at each walk of a small tree, at every few of a large one.
    """

    def __init__(
        self,
        root_pid: int,
        detail_cpu_share: float = DETAIL_CPU_SHARE,
        group: Callable[[], Iterable[int]] = tuple,
    ) -> None:
        """Prepare to walk.

        Args:
            root_pid: the code server.
            detail_cpu_share: of one core, for PSS and USS.
            group: pids of the server's cgroup: a child may have left the tree before it was ever seen in it.
        """
        self._root_pid = root_pid
        self._group = group
        self._detail_cpu_share = detail_cpu_share
        self._known: dict[int, psutil.Process] = {}
        self._roles: dict[int, Role] = {}
        self._next_detail = 0.0
        self._clock_zero = _clock_zero()

    def walk(self) -> list[ProcessSample]:
        """Every process of the tree, parents before children; empty when the root is gone."""
        self._follow_clock()
        members = list(self._members())
        self._known = {process.pid: process for process in members}
        self._roles = {pid: role for pid, role in self._roles.items() if pid in self._known}
        detail = time.monotonic() >= self._next_detail
        began, began_cpu = time.monotonic(), time.thread_time()
        samples: list[ProcessSample] = []
        for process in members:
            with contextlib.suppress(psutil.Error):
                samples.append(self._sample(process, detail))
        if detail:
            self._next_detail = began + (time.thread_time() - began_cpu) / self._detail_cpu_share
        return samples

    def _follow_clock(self) -> None:
        """Read creation times anew after the clock was set: they are kept as they were told at first."""
        zero = _clock_zero()
        if abs(zero - self._clock_zero) < CLOCK_SET_SECONDS:
            return
        self._clock_zero = zero
        for pid in list(self._known):
            with contextlib.suppress(psutil.Error):  # its end is told by the walk
                self._known[pid] = psutil.Process(pid)

    def _members(self) -> Iterator[psutil.Process]:
        """The root, what descends from it, and what once did and still lives."""
        root = self._known.get(self._root_pid)
        try:
            root = root or psutil.Process(self._root_pid)
            if not root.is_running():
                return
            below = root.children(recursive=True)
        except psutil.Error:
            return
        yield root
        seen = {root.pid}
        for process in below:
            # The kept object spares reading the creation time anew, but only if it is the same process.
            yield self._known[process.pid] if self._known.get(process.pid) == process else process
            seen.add(process.pid)
        for pid, process in self._known.items():
            if pid not in seen and process.is_running():
                yield process
                seen.add(pid)
        for pid in self._group():
            if pid not in seen:
                with contextlib.suppress(psutil.Error):
                    yield psutil.Process(pid)

    def _sample(self, process: psutil.Process, detail: bool) -> ProcessSample:
        with process.oneshot():
            status = process.status()
            ppid = process.ppid()
            cpu = process.cpu_times()
            rss, pss, uss = (None, None, None) if status == _ZOMBIE else _memory(process, detail)
            role = self._role(process, ppid, status)
            self._roles[process.pid] = role
            return ProcessSample(
                pid=process.pid,
                ppid=ppid,
                created_epoch_seconds=process.create_time(),
                role=role,
                status=str(status),
                rss_bytes=rss,
                pss_bytes=pss,
                uss_bytes=uss,
                threads=1 if status == _ZOMBIE else process.num_threads(),
                cpu_seconds=cpu.user + cpu.system,
                children_cpu_seconds=getattr(cpu, "children_user", 0.0)
                + getattr(cpu, "children_system", 0.0),
                open_files=_open_files(process),
            )

    def _role(self, process: psutil.Process, ppid: int, status: str) -> Role:
        if process.pid == self._root_pid:
            return "server"
        known = self._roles.get(process.pid)
        parent = self._roles.get(ppid)
        if status == _ZOMBIE or (parent is None and known not in (None, "helper")):
            return known or "helper"
        return role_of(_command_line(process), parent)


def role_of(command_line: list[str], parent: Role | None) -> Role:
    """What a process is for, by its command line and the role of its parent; None where that is gone.

    A `dagster api grpc` below the root (behind an init or a shell) is a server too.
    """
    if "grpc-health-check" in command_line:
        return "check"
    if {"api", "grpc"} <= set(command_line) or {"code-server", "start"} <= set(command_line):
        return "server"
    if any("multiprocessing.spawn" in argument for argument in command_line):
        return "run" if parent == "server" else "step"
    if parent in ("run", "step", "helper") or any(one in " ".join(command_line) for one in _DAGSTERS_OWN):
        return "helper"
    return "other"


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.AccessDenied:
        return []


def _memory(process: psutil.Process, detail: bool) -> tuple[int | None, int | None, int | None]:
    """RSS, PSS and USS in bytes."""
    try:
        if detail:
            full = process.memory_full_info()
            return full.rss, getattr(full, "pss", None), full.uss
        return process.memory_info().rss, None, None
    except psutil.AccessDenied:
        return _rss(process), None, None
    except psutil.ZombieProcess:
        return None, None, None  # it ended between the reads


def _open_files(process: psutil.Process) -> int | None:
    try:
        return process.num_fds()
    except psutil.AccessDenied:
        return None


def _rss(process: psutil.Process) -> int | None:
    try:
        return process.memory_info().rss
    except psutil.AccessDenied:
        return None

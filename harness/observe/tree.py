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

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import psutil

from harness.observe.detail import AT_REST, Detail
from harness.observe.one_process import THIS_SYSTEM, ZOMBIE, OneProcess, System, Vitals

Role = Literal["server", "run", "step", "helper", "check", "other"]

CLOCK_SET_SECONDS = 0.1
"""The machine's clock is taken to have been set when it has moved so far between two walks."""

_DAGSTERS_OWN = ("multiprocessing.", "watch_orphans", "tail -F")
"""In command lines of helpers: these end by themselves, or stay as one."""


class ProcessSample(NamedTuple):
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
        return list(self)


PROCESS_COLUMNS = ProcessSample._fields


def _clock_zero() -> float:
    """Epoch seconds at which the monotonic clock stood at 0."""
    return time.time() - time.monotonic()


def walk(root_pid: int) -> list[ProcessSample]:
    """Every process of the tree under `root_pid`, the root first; empty when the root is gone."""
    walker = TreeWalker(root_pid)
    try:
        return walker.walk()
    finally:
        walker.close()


class _Member:
    """A process of the tree, and what is remembered of it."""

    def __init__(self, process: OneProcess, vitals: Vitals) -> None:
        self.process, self.vitals = process, vitals
        self.role: Role | None = None
        self._told_by: tuple[tuple[bytes, bytes], Role | None] | None = None

    def role_below(self, parent: Role | None) -> Role:
        """Told anew once it executes another program or its parent's role changes, or where nothing tells."""
        by = None if self.vitals.image is None else (self.vitals.image, parent)
        if self.role is None or by is None or by != self._told_by:
            self._told_by = by
            return role_of(self.process.command_line(), parent)
        return self.role


class TreeWalker:
    """Walks one tree again and again.

    It remembers who belongs to the tree, so that a process whose parent died (and which the system gave to
    init) is still counted, and who has which role, so that a zombie, whose command line is gone, keeps its
    own. Of the other processes only new ones are looked at, as nobody joins a tree later on.
    """

    def __init__(
        self,
        root_pid: int,
        detail_cpu_share: float = AT_REST,
        group: Callable[[], Iterable[int]] = tuple,
        level: Callable[[], int | None] = lambda: None,
        system: System = THIS_SYSTEM,
    ) -> None:
        """Prepare to walk.

        Args:
            root_pid: the code server.
            detail_cpu_share: of one core, for PSS and USS at rest; see `harness.observe.detail`.
            group: pids of the server's cgroup, which all are members: a child may have left the tree before
                it was ever seen in it. Where the server is not among them, the whole machine is searched.
            level: memory of the server's cgroup now, in bytes; None where there is none.
            system: how processes are read.
        """
        self._root_pid = root_pid
        self._group, self._level, self._system = group, level, system
        self._detail = Detail(detail_cpu_share)
        self._members: dict[int, _Member] = {}
        self._seen: set[int] = set()
        self._rooted = False
        self._clock_zero, self._boot_time = _clock_zero(), psutil.boot_time()

    def walk(self) -> list[ProcessSample]:
        """Every process of the tree, parents before children; empty when the root is gone."""
        self._follow_clock()
        self._refresh()
        if not self._rooted or self._root_pid in self._members:  # else another process may have its pid
            self._find()
        self._rooted |= self._root_pid in self._members
        if self._root_pid not in self._members:
            self.close()
            return []
        for pid, member in self._members.items():
            member.role = self._role(pid, member)
        shares = self._shares()
        return [self._sample(member, *shares.get(pid, (None, None))) for pid, member in self._members.items()]

    def restart(self) -> None:
        """The watermark was reset; any thread may say so."""
        self._detail.restart()

    def close(self) -> None:
        """Let go of every process."""
        for member in self._members.values():
            member.process.close()
        self._members.clear()
        self._seen.clear()

    def _follow_clock(self) -> None:
        """The instant of the boot goes by the machine's clock, which may be set."""
        zero = _clock_zero()
        if abs(zero - self._clock_zero) >= CLOCK_SET_SECONDS:
            self._clock_zero, self._boot_time = zero, psutil.boot_time()

    def _refresh(self) -> None:
        """Read the known processes anew, and forget those that are gone."""
        for pid, member in list(self._members.items()):
            vitals = member.process.vitals()
            if vitals is not None:
                member.vitals = vitals
            else:
                member.process.close()
                del self._members[pid]
                self._seen.discard(pid)  # whatever has this pid now is another process

    def _find(self) -> None:
        """Add the root, what is new below members and below one another, and then the rest of the group."""
        group = set(self._group())
        # To list every process of the machine costs more than all the rest of a walk.
        pids = group if self._root_pid in group else group | self._system.pids()
        new: dict[int, _Member] = {}
        below: defaultdict[int, list[int]] = defaultdict(list)
        for pid in (pids - self._seen | group) - self._members.keys():
            if (found := self._open(pid)) is not None:
                new[pid] = found
                below[found.vitals.ppid].append(pid)
        known = [self._root_pid, *self._members]
        for parent in known if new else ():
            self._add(parent, new, below)
        for pid in group:
            self._add(pid, new, below)
        # One whose parent was made while they were listed is looked at again.
        self._seen = {pid for pid in pids if pid not in new or new[pid].vitals.ppid in {0, *pids}}
        for other in new.values():
            other.process.close()

    def _add(self, pid: int, new: dict[int, _Member], below: dict[int, list[int]]) -> None:
        """Add what is new of a process and all below it."""
        if pid in new:
            self._members[pid] = new.pop(pid)
        for child in below.pop(pid, ()):
            self._add(child, new, below)

    def _open(self, pid: int) -> _Member | None:
        try:
            process = self._system.open(pid)
        except (FileNotFoundError, ProcessLookupError, PermissionError, psutil.Error):
            return None
        vitals = process.vitals()
        if vitals is None:
            process.close()
            return None
        return _Member(process, vitals)

    def _role(self, pid: int, member: _Member) -> Role:
        if pid == self._root_pid:
            return "server"
        parent = self._members.get(member.vitals.ppid)
        parent_role = None if parent is None else parent.role
        zombie = member.vitals.status == ZOMBIE
        if zombie or (parent_role is None and member.role not in (None, "helper")):
            return member.role or "helper"
        return member.role_below(parent_role)

    def _shares(self) -> dict[int, tuple[int | None, int | None]]:
        """PSS and USS of every process that has memory; of none where this walk leaves them out."""
        began, level = time.monotonic(), self._level()
        checked = any(member.role == "check" for member in self._members.values())
        if not self._detail.due(began, level, checked):
            return {}
        began_cpu = time.thread_time()
        found = {
            pid: member.process.shares()
            for pid, member in self._members.items()
            if member.vitals.status != ZOMBIE
        }
        self._detail.took(began, time.thread_time() - began_cpu, level)
        return found

    def _sample(self, member: _Member, pss: int | None, uss: int | None) -> ProcessSample:
        vitals = member.vitals
        return ProcessSample(
            member.process.pid,
            vitals.ppid,
            self._boot_time + vitals.started,
            member.role or "other",
            vitals.status,
            vitals.rss_bytes,
            pss,
            uss,
            vitals.threads,
            vitals.cpu_seconds,
            vitals.children_cpu_seconds,
            member.process.open_files(),
        )


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

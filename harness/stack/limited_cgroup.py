"""Cgroups that limit memory and CPU: made, entered, emptied and removed.

v1 keeps one directory per controller, v2 one for all. Kernel documentation: admin-guide/cgroup-v1/memory,
scheduler/sched-bwc, admin-guide/cgroup-v2.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.observe.cgroup import CgroupPaths

ROOT = Path("/sys/fs/cgroup")
PARENT = "dagster-sizing"
PERIOD_MICROSECONDS = 100_000
V1_CONTROLLERS = ("memory", "cpu", "cpuacct")


@dataclass(frozen=True)
class LimitedCgroup:
    """A cgroup with limits set; `directories` has one entry per hierarchy."""

    version: int
    method: str
    directories: tuple[Path, ...]

    def enter(self, argv: list[str]) -> list[str]:
        """`argv`, wrapped so that it moves itself into the cgroup before it starts."""
        moves = " && ".join(f'echo $$ > "{directory}/cgroup.procs"' for directory in self.directories)
        return ["/bin/sh", "-c", f'{moves} && exec "$@"', "sh", *argv]

    def oom_kills(self) -> int:
        """How many of its processes the kernel has killed at the memory limit."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        return _oom_kills(self.directories[0] / name)

    def sampler_config(self) -> dict[str, Any]:
        """Where a sampler reads this cgroup."""
        if self.version == 2:
            directory = str(self.directories[0])
            return {"version": 2, "memory": directory, "cpu": directory, "cpuacct": directory}
        names = dict(zip(V1_CONTROLLERS, (str(d) for d in self.directories), strict=True))
        return {"version": 1, **names}


class Scope:
    """The cgroup in which the user's systemd limits a command. It goes with the command's last process."""

    def __init__(self, unit: str) -> None:
        """Prepare to look for it.

        Args:
            unit: name of the scope, as it was given to systemd.
        """
        self._unit = unit
        self._directory: Path | None = None
        self._kills = 0

    def look(self, pid: int) -> None:
        """Find it by a process that is to be in it, and keep what it tells, as it may be gone soon."""
        if self._directory is None:
            found = of_process(pid)
            self._directory = found if found is not None and found.name == self._unit else None
        if self._directory is not None:
            self._kills = max(self._kills, _oom_kills(self._directory / "memory.events"))

    def oom_kills(self) -> int:
        """How many of its processes the kernel was seen to have killed at the memory limit."""
        return self._kills


class NoCgroupError(Exception):
    """Limits cannot be set here; the text says why."""


def make(cpus: float, memory_bytes: int, record: Callable[[Path], None], root: Path = ROOT) -> LimitedCgroup:
    """Make a cgroup with both limits; `record` is told of every directory before it is made.

    Raises:
        NoCgroupError: no rights, no such controllers, or not Linux.
    """
    name = uuid.uuid4().hex[:12]
    try:
        if (root / "cgroup.controllers").exists():
            return _make_v2(root, name, cpus, memory_bytes, record)
        if (root / "memory").is_dir() and (root / "cpu").is_dir():
            return _make_v1(root, name, cpus, memory_bytes, record)
    except PermissionError:
        raise NoCgroupError("no right to make a cgroup; run as root, or in a container that has it") from None
    except OSError as error:
        raise NoCgroupError(f"the kernel refused the cgroup: {error}") from None
    raise NoCgroupError("no cgroup file system with memory and cpu controllers")


def _make_v1(
    root: Path, name: str, cpus: float, memory_bytes: int, record: Callable[[Path], None]
) -> LimitedCgroup:
    directories = tuple(root / controller / PARENT / name for controller in V1_CONTROLLERS)
    for directory in directories:
        record(directory)
        directory.mkdir(parents=True, exist_ok=True)
    memory, cpu, _ = directories
    (memory / "memory.limit_in_bytes").write_text(str(memory_bytes))
    with_swap = memory / "memory.memsw.limit_in_bytes"
    if with_swap.exists():
        with_swap.write_text(str(memory_bytes))  # memory and swap together: no swap beyond the limit
    (cpu / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
    (cpu / "cpu.cfs_quota_us").write_text(str(int(cpus * PERIOD_MICROSECONDS)))
    return LimitedCgroup(1, "cgroup-v1", directories)


def _make_v2(
    root: Path, name: str, cpus: float, memory_bytes: int, record: Callable[[Path], None]
) -> LimitedCgroup:
    parent = root / PARENT
    parent.mkdir(exist_ok=True)
    for node in (root, parent):
        enabled = (node / "cgroup.subtree_control").read_text().split()
        missing = [f"+{c}" for c in ("cpu", "memory") if c not in enabled]
        if missing:
            (node / "cgroup.subtree_control").write_text(" ".join(missing))
    directory = parent / name
    record(directory)
    directory.mkdir()
    limit_v2(directory, cpus, memory_bytes)
    return LimitedCgroup(2, "cgroup-v2", (directory,))


def limit_v2(directory: Path, cpus: float, memory_bytes: int) -> None:
    """Write both limits of a v2 cgroup, and forbid swap."""
    (directory / "memory.max").write_text(str(memory_bytes))
    swap = directory / "memory.swap.max"
    if swap.exists():
        swap.write_text("0")
    (directory / "cpu.max").write_text(f"{int(cpus * PERIOD_MICROSECONDS)} {PERIOD_MICROSECONDS}")


def has_user_systemd() -> bool:
    """Whether the user's systemd can limit a command."""
    return os.geteuid() != 0 and bool(shutil.which("systemd-run") and os.environ.get("XDG_RUNTIME_DIR"))


def systemd_scope(cpus: float, memory_bytes: int, unit: str) -> list[str]:
    """Command prefix that limits a command through the user's systemd.

    Args:
        cpus: limit.
        memory_bytes: limit.
        unit: name of the scope; ends with `.scope`.
    """
    return [
        "systemd-run",
        "--user",
        "--scope",
        "--quiet",
        "--collect",
        f"--unit={unit}",
        f"--property=MemoryMax={memory_bytes}",
        "--property=MemorySwapMax=0",
        f"--property=CPUQuota={cpus * 100:g}%",
    ]


def of_process(pid: int) -> Path | None:
    """The v2 cgroup directory a process is in, where that can be told."""
    paths = CgroupPaths.of_process(pid)
    return Path(paths.memory) if paths.version == 2 else None


def kill_all(directory: Path) -> int:
    """Kill every process in one of our cgroups; returns how many there were."""
    seen: set[int] = set()
    for _ in range(100):
        pids = _pids(directory)
        if not pids:
            break
        for pid in pids:
            seen.add(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
    return len(seen)


def remove(directory: Path) -> bool:
    """Remove one of our cgroups, and our parent directory when it was the last; whether this removed it."""
    existed = directory.is_dir()
    for _ in range(50):
        try:
            directory.rmdir()
            break
        except FileNotFoundError:
            break
        except OSError:
            time.sleep(0.1)  # the kernel may still be letting go of the last process
    if directory.parent.name == PARENT:
        with contextlib.suppress(OSError):  # another experiment may be using it
            directory.parent.rmdir()
    return existed and not directory.is_dir()


def _oom_kills(file: Path) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _pids(directory: Path) -> list[int]:
    try:
        return [int(line) for line in (directory / "cgroup.procs").read_text().split()]
    except OSError:
        return []

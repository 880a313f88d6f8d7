"""One process of a code server's tree as an operating system shows it: on Linux, and anywhere else.

A walk at rest has to cost next to nothing. On Linux two small files tell all of `Vitals`, and a descriptor
that is kept open stays that process's: once it is gone the read fails, whoever has its pid by then. Elsewhere
psutil is asked, which costs several times as much.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from harness.observe.kept_files import whole_file

_PROC = "/proc"
_SIZE = 2048
"""More than `stat` and `statm` ever hold: 50 numbers and a name."""
_SAME_FILES = 4
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATUS = {
    b"R": psutil.STATUS_RUNNING,
    b"S": psutil.STATUS_SLEEPING,
    b"D": psutil.STATUS_DISK_SLEEP,
    b"T": psutil.STATUS_STOPPED,
    b"t": psutil.STATUS_TRACING_STOP,
    b"Z": psutil.STATUS_ZOMBIE,
    b"X": psutil.STATUS_DEAD,
    b"I": psutil.STATUS_IDLE,
    b"P": psutil.STATUS_PARKED,
}
"""The letters of proc_pid_stat(5) by psutil's names."""
ZOMBIE = str(psutil.STATUS_ZOMBIE)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is read of a process at every walk."""

    ppid: int
    status: str
    started: float
    """Seconds since the boot."""
    rss_bytes: int | None
    threads: int
    cpu_seconds: float
    children_cpu_seconds: float
    image: tuple[bytes, bytes] | None
    """Changes when the process executes another program; None where that is not told."""


class OneProcess(Protocol):
    """A process that was there when this was made."""

    pid: int

    def vitals(self) -> Vitals | None:
        """As they are now; None once it is gone, which a zombie is not yet."""
        ...

    def command_line(self) -> list[str]:
        """Empty where it cannot be read."""
        ...

    def shares(self) -> tuple[int | None, int | None]:
        """PSS and USS in bytes; None without the right to read them."""
        ...

    def open_files(self) -> int | None:
        """Open descriptors; None without the right to see them."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class LinuxProcess:
    """Read through `/proc`, by kept descriptors."""

    def __init__(self, pid: int) -> None:
        """OSError where there is no such process."""
        self.pid = pid
        self._folder = f"{_PROC}/{pid}"
        self._stat = _open(f"{self._folder}/stat")
        try:
            self._statm = _open(f"{self._folder}/statm")
        except OSError:
            os.close(self._stat)
            raise
        self._text = b""
        self._vitals: Vitals | None = None
        self._open_files: int | None = None
        self._looks_left = 0

    def vitals(self) -> Vitals | None:
        """As they are now; None once it is gone."""
        try:
            text = os.pread(self._stat, _SIZE, 0)
            if text != self._text:  # that of a process that sleeps stays as it is, and so does all else
                self._vitals = parse_vitals(text, os.pread(self._statm, _SIZE, 0))
                self._text, self._looks_left = text, 0
        except OSError:
            return None
        return self._vitals

    def command_line(self) -> list[str]:
        """Empty where it cannot be read, and of a zombie."""
        text = whole_file(f"{self._folder}/cmdline")
        return os.fsdecode(text).rstrip("\0").split("\0") if text else []

    def shares(self) -> tuple[int | None, int | None]:
        """PSS and USS; None without the right to read them, and of a zombie."""
        # Linux before 4.14 tells them of each mapping, and not their sums.
        text = whole_file(f"{self._folder}/smaps_rollup") or whole_file(f"{self._folder}/smaps")
        if not text:
            return None, None
        pss = uss = 0
        for line in text.splitlines():
            if line.startswith(b"Pss:"):
                pss += int(line.split()[1]) * 1024
            elif line.startswith(b"Private_"):
                uss += int(line.split()[1]) * 1024
        return pss, uss

    def open_files(self) -> int | None:
        """Open descriptors; None without the right to see them.

        Counted anew when `vitals` have changed, and otherwise each `_SAME_FILES` times that it is asked: to
        open a file takes less time than a process is charged for.
        """
        if not self._looks_left:
            self._looks_left, self._open_files = _SAME_FILES, self._count_files()
        self._looks_left -= 1
        return self._open_files

    def _count_files(self) -> int | None:
        folder = f"{self._folder}/fd"
        try:
            # The size of the folder is their number from Linux 6.2 on, and 0 before that.
            return os.stat(folder).st_size or len(os.listdir(folder))  # noqa: PTH116, PTH208 - they are slow
        except OSError:
            return None

    def close(self) -> None:
        """Close the descriptors."""
        os.close(self._stat)
        os.close(self._statm)


class OtherProcess:
    """Read by psutil, on a system that has no `/proc`."""

    def __init__(self, pid: int) -> None:
        """psutil.Error where there is no such process."""
        self.pid = pid
        self._process = psutil.Process(pid)
        self._started = self._process.create_time() - psutil.boot_time()

    def vitals(self) -> Vitals | None:
        """As they are now; None once it is gone."""
        try:
            if not self._process.is_running():
                return None
            with self._process.oneshot():
                status = str(self._process.status())
                cpu = self._process.cpu_times()
                alive = status != ZOMBIE
                return Vitals(
                    ppid=self._process.ppid(),
                    status=status,
                    started=self._started,
                    rss_bytes=self._rss() if alive else None,
                    threads=self._process.num_threads() if alive else 1,
                    cpu_seconds=cpu.user + cpu.system,
                    children_cpu_seconds=getattr(cpu, "children_user", 0.0)
                    + getattr(cpu, "children_system", 0.0),
                    image=None,
                )
        except psutil.Error:
            return None

    def _rss(self) -> int | None:
        try:
            return self._process.memory_info().rss
        except psutil.AccessDenied:
            return None

    def command_line(self) -> list[str]:
        """Empty where it cannot be read, and of a zombie."""
        try:
            return self._process.cmdline()
        except psutil.Error:
            return []

    def shares(self) -> tuple[int | None, int | None]:
        """USS, and PSS where the system knows it."""
        try:
            full = self._process.memory_full_info()
        except psutil.Error:
            return None, None
        return getattr(full, "pss", None), full.uss

    def open_files(self) -> int | None:
        """Open descriptors."""
        try:
            return self._process.num_fds()
        except psutil.Error:
            return None

    def close(self) -> None:
        """Nothing is kept open."""


def parse_vitals(stat: bytes, statm: bytes) -> Vitals:
    """From `/proc/PID/stat` and `/proc/PID/statm`; see proc_pid_stat(5), whose third field is `fields[0]`."""
    name, _, rest = stat.rpartition(b")")  # the name may hold anything, parentheses too
    fields = rest.split()
    zombie = fields[0] == b"Z"
    arguments = fields[45]  # where they lie in its memory: elsewhere after each exec; 0 without the right
    return Vitals(
        ppid=int(fields[1]),
        status=str(_STATUS.get(fields[0], fields[0].decode())),
        started=int(fields[19]) / _TICKS,
        # `stat` tells it too, but short of what each processor has counted by itself
        rss_bytes=None if zombie else int(statm.split()[1]) * _PAGE,
        threads=1 if zombie else int(fields[17]),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / _TICKS,
        children_cpu_seconds=(int(fields[13]) + int(fields[14])) / _TICKS,
        image=None if arguments == b"0" else (name, arguments),
    )


def _open(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


@dataclass(frozen=True)
class System:
    """How processes are found and opened."""

    pids: Callable[[], set[int]]
    """Of every process that can be seen."""
    open: Callable[[int], OneProcess]
    """OSError or psutil.Error where there is none of that pid."""


def _linux_pids() -> set[int]:
    return {int(name) for name in os.listdir(_PROC) if name.isdecimal()}  # noqa: PTH208 - it is slow


LINUX = System(_linux_pids, LinuxProcess)
ANY_SYSTEM = System(lambda: set(psutil.pids()), OtherProcess)
THIS_SYSTEM = LINUX if Path(f"{_PROC}/self/stat").is_file() else ANY_SYSTEM

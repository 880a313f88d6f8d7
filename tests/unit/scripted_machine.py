"""A machine whose processes are what a test says: they come, go, and execute programs between two reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.observe.one_process import System, Vitals

SPAWN = ["python", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(3)"]


@dataclass
class Scripted:
    """One process. `gone` is what a kept descriptor sees, whoever has the pid by then."""

    pid: int
    ppid: int
    command: list[str] = field(default_factory=lambda: ["python"])
    status: str = "sleeping"
    image: tuple[bytes, bytes] | None = (b"python", b"1")
    gone: bool = False
    read: int = 0
    """How often its command line was read."""
    before_shares: Callable[[], None] = lambda: None

    def vitals(self) -> Vitals | None:
        """As the test has set them."""
        if self.gone:
            return None
        return Vitals(self.ppid, self.status, 1.0, 1000, 1, 0.5, 0.0, self.image)

    def command_line(self) -> list[str]:
        """Counted."""
        self.read += 1
        return [] if self.gone else self.command

    def shares(self) -> tuple[int | None, int | None]:
        """PSS and USS, if it is still there."""
        self.before_shares()
        return (None, None) if self.gone else (900, 800)

    def open_files(self) -> int | None:
        """None of one that is gone."""
        return None if self.gone else 3

    def close(self) -> None:
        """Nothing is open."""


class Machine:
    """Processes by pid."""

    def __init__(self, *processes: Scripted) -> None:
        self.processes = {one.pid: one for one in processes}
        self.hidden: set[int] = set()
        """There, and not listed."""
        self.listed = 0
        self.opened: list[int] = []

    @property
    def system(self) -> System:
        """For a walker."""
        return System(self._pids, self._open)

    def start(self, process: Scripted) -> Scripted:
        """A new process, whose pid another may have had."""
        self.processes[process.pid] = process
        return process

    def end(self, pid: int) -> None:
        """It has ended and was waited for; init has its children now."""
        self.processes.pop(pid).gone = True
        for one in self.processes.values():
            one.ppid = 1 if one.ppid == pid else one.ppid

    def _pids(self) -> set[int]:
        self.listed += 1
        return self.processes.keys() - self.hidden

    def _open(self, pid: int) -> Scripted:
        self.opened.append(pid)
        if pid not in self.processes or self.processes[pid].gone:
            raise ProcessLookupError(pid)
        return self.processes[pid]

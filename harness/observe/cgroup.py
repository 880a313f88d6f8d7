"""What a cgroup costs: the columns, the reader's face, and the choice of one.

What the files say is worked out later than they are read, for many readings at once: from one reading to the
next the processor's caches forget the code, and run it several times as slowly. A file this kernel does not
have gives None, never zero.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Protocol

from harness.observe.kept_files import KeptFile, KeptFiles, whole_file

Pressure = Literal["cgroup", "host", "none"]
"""Where the pressure columns come from."""


@dataclass(frozen=True)
class CgroupPaths:
    """Folders of one cgroup, per controller; in version 2 they are all the same one.

    Version 0 means that there is no cgroup to read: the process tree is summed up instead.
    """

    version: int
    memory: str = ""
    cpu: str = ""
    cpuacct: str = ""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> CgroupPaths:
        """From the `cgroup` part of a sampler's configuration; ValueError where it makes no sense."""
        if set(document) == {"seen_by_pid"}:
            return cls.seen_by(int(document["seen_by_pid"]))
        names = {field.name for field in fields(cls)}
        if unknown := set(document) - names:
            raise ValueError(f"cgroup: unknown {sorted(unknown)}; allowed: {sorted(names)}")
        paths = cls(**document)
        if paths.version not in (0, 1, 2):
            raise ValueError(f"cgroup.version: got {paths.version!r}; allowed: 0, 1, 2")
        if paths.version and not (paths.memory and paths.cpu and (paths.cpuacct or paths.version == 2)):
            raise ValueError("cgroup: memory, cpu and (version 1) cpuacct must name folders")
        return paths

    @classmethod
    def seen_by(cls, pid: int, proc: Path = Path("/proc")) -> CgroupPaths:
        """The cgroup of the container that `pid` is in, through that process's own view of the file system.

        A container engine mounts the container's cgroup at /sys/fs/cgroup, of which every folder is its own.

        Raises:
            ValueError: it cannot be seen: no right, or the container has no cgroup mount of its own.
        """
        root = proc / str(pid) / "root" / "sys" / "fs" / "cgroup"
        try:
            if (root / "memory.current").is_file():
                return cls(2, str(root), str(root))
            if (root / "memory" / "memory.usage_in_bytes").is_file():
                return cls(1, str(root / "memory"), str(root / "cpu"), str(root / "cpuacct"))
        except PermissionError:
            raise ValueError(
                f"cgroup: no right to read {root}; run as the code server's user and group, or with "
                "SYS_PTRACE"
            ) from None
        raise ValueError(f"cgroup: {root} is not a container's own (engine option: --cgroupns=private)")

    @classmethod
    def of_process(
        cls, pid: int, proc: Path = Path("/proc"), root: Path = Path("/sys/fs/cgroup")
    ) -> CgroupPaths:
        """The cgroup of a process of this machine, or of its container; version 0 where it has none.

        The root of a hierarchy is none: it is the whole machine's.
        """
        try:
            lines = (proc / str(pid) / "cgroup").read_text("ascii").splitlines()
            container = (proc / str(pid) / "ns" / "mnt").readlink() != (
                proc / "self" / "ns" / "mnt"
            ).readlink()
        except OSError:
            return cls(0)
        told = [line.split(":", 2) for line in lines if line.count(":") >= 2]
        within = {name: path for _, names, path in told for name in names.split(",")}
        unified = root / within.get("", "").lstrip("/")
        if within.get("", "/") != "/" and (unified / "memory.current").is_file():
            return cls(2, str(unified), str(unified))
        if within.get("memory", "/") != "/":
            folders = [
                root / name / within.get(name, "/").lstrip("/") for name in ("memory", "cpu", "cpuacct")
            ]
            if (folders[0] / "memory.usage_in_bytes").is_file():
                return cls(1, *map(str, folders))
        try:
            return cls.seen_by(pid, proc) if container else cls(0)
        except ValueError:
            return cls(0)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        return asdict(self)

    def pids(self) -> tuple[int, ...]:
        """Every process in it that can be seen from here; none where there is no cgroup, or no longer."""
        # Version 1 shows the same list again as long as its file is open, so it is not kept.
        text = whole_file(f"{self.memory}/cgroup.procs") if self.version else b""
        # 0 stands for a process of another pid namespace
        return tuple(pid for pid in map(int, text.split()) if pid)


@dataclass(slots=True)
class Sample:
    """One reading; None where this machine does not tell. Counters count from the cgroup's creation.

    `memory_bytes` is usage less the page cache the kernel could drop (inactive_file and active_file);
    `working_set_bytes` is what Kubernetes calls so: usage less inactive_file.
    """

    at_epoch_seconds: float
    usage_bytes: int | None = None
    memory_bytes: int | None = None
    working_set_bytes: int | None = None
    anon_bytes: int | None = None
    file_bytes: int | None = None
    cpu_seconds: float | None = None
    throttled_seconds: float | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    oom_kills: int | None = None
    cpu_pressure_seconds: float | None = None
    memory_pressure_seconds: float | None = None
    io_pressure_seconds: float | None = None

    def row(self) -> list[float | int | None]:
        """The values in the order of `COLUMNS`."""
        return [getattr(self, name) for name in COLUMNS]

    def add_pressure(self, texts: list[bytes]) -> None:
        """Fill the pressure columns from `pressure_files`: seconds in which at least one task was stalled."""
        if texts:
            cpu, memory, io = map(_some_total_seconds, texts)
            self.cpu_pressure_seconds = cpu
            self.memory_pressure_seconds = memory
            self.io_pressure_seconds = io

    def split_memory(self, usage: int | None, inactive_file: int | None, active_file: int | None) -> None:
        """Set usage and what is left of it without page cache.

        The two files are read one after the other, so the cache may exceed the usage; never below zero.
        """
        self.usage_bytes = usage
        if usage is None or inactive_file is None or active_file is None:
            return
        self.working_set_bytes = max(usage - inactive_file, 0)
        self.memory_bytes = max(usage - inactive_file - active_file, 0)


COLUMNS = tuple(field.name for field in fields(Sample))

Look = Callable[[], Sample]
"""A reading that was made; called, it works out what was read."""


class Reader(Protocol):
    """Reads the cost of one code server."""

    pressure: Pressure
    resettable: bool
    """Whether the kernel keeps a memory watermark that can be reset."""
    max_hz: float
    """Reading more often than this would cost more than it tells."""

    def look(self) -> Look:
        """Read once, and as fast as can be."""
        ...

    def sample(self) -> Sample:
        """Read once, and work it out at once."""
        ...

    def reset_watermark(self) -> None:
        """Start the watermark anew from the present usage."""
        ...

    def watermark(self) -> int | None:
        """Highest usage in bytes since the last reset, page cache included; None where that is not known."""
        ...

    def close(self) -> None:
        """Close every descriptor."""
        ...


class Watermark:
    """The kernel's record of the highest usage.

    Where it cannot be reset (a read-only mount, an old kernel), it still tells the peak of a burst that
    went higher than everything before it. With `probe`, whether it can be reset is found out by doing so.
    """

    def __init__(self, path: Path, reset: bytes, probe: bool) -> None:
        self._reset = reset
        self._file = KeptFile(path, os.O_RDWR)
        self.resettable = self._file.write(reset) if probe else self._file.exists
        if not self._file.exists:
            self._file = KeptFile(path)
        self._before: int | None = None

    def reset(self) -> None:
        """Start anew from the present usage."""
        if self.resettable:
            self._file.write(self._reset)
        else:
            self._before = self._file.integer()

    def value(self) -> int | None:
        """Highest usage in bytes since the reset; None where the kernel's record is older."""
        highest = self._file.integer()
        if self.resettable or highest is None or self._before is None:
            return highest if self.resettable else None
        return highest if highest > self._before else None

    def close(self) -> None:
        """Close the descriptor."""
        self._file.close()


def pressure_files(cgroup: Path | None, host: Path) -> tuple[Pressure, list[Path]]:
    """Pressure stall totals of CPU, memory and I/O: of a cgroup, or of the whole host where it has none."""
    places: list[tuple[Pressure, list[Path]]] = [("host", [host / "cpu", host / "memory", host / "io"])]
    if cgroup is not None:
        names = ("cpu.pressure", "memory.pressure", "io.pressure")
        places.insert(0, ("cgroup", [cgroup / name for name in names]))
    for source, paths in places:
        files = KeptFiles(*paths)
        # A kernel booted with PSI off has the files, but they cannot be read.
        readable = all(files.read())
        files.close()
        if readable:
            return source, paths
    return "none", []


def seconds(count: int | None, per_second: float) -> float | None:
    """A counter of microseconds or nanoseconds in seconds."""
    return None if count is None else count / per_second


def _some_total_seconds(text: bytes) -> float | None:
    """From `some avg10=.. avg60=.. avg300=.. total=MICROSECONDS`, the first line of a pressure file."""
    first = text.partition(b"\n")[0]
    _, found, total = first.partition(b"total=")
    return int(total) / 1e6 if found else None

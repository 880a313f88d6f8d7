"""What a cgroup costs, read through kept descriptors: the columns, the reader's face, and the choice of one.

Opening and closing a file costs ten times the read of it, so every file is opened once and read with
`pread`. A file this kernel does not have gives None, never zero.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Protocol

Pressure = Literal["cgroup", "host", "none"]
"""Where the pressure columns come from."""

_READ_SIZE = 16384
"""More than any of the files holds (memory.stat is about 2 KiB)."""


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
        try:
            text = (Path(self.memory) / "cgroup.procs").read_text("ascii") if self.version else ""
        except OSError:
            return ()
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


class Reader(Protocol):
    """Reads the cost of one code server."""

    pressure: Pressure
    resettable: bool
    """Whether the kernel keeps a memory watermark that can be reset."""
    max_hz: float
    """Reading more often than this would cost more than it tells."""

    def sample(self) -> Sample:
        """Read once."""
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


class KeptFile:
    """A small kernel file kept open; reads as empty where it does not exist or its cgroup is gone."""

    def __init__(self, path: Path, flags: int = os.O_RDONLY) -> None:
        self._descriptor: int | None = None
        try:
            self._descriptor = os.open(path, flags | os.O_CLOEXEC)
        except OSError:
            return

    @property
    def exists(self) -> bool:
        """Whether the file could be opened."""
        return self._descriptor is not None

    def read(self) -> bytes:
        """The whole content."""
        if self._descriptor is None:
            return b""
        try:
            return os.pread(self._descriptor, _READ_SIZE, 0)
        except OSError:
            return b""

    def integer(self) -> int | None:
        """The content as one number; None for an empty file."""
        text = self.read()
        return int(text) if text else None

    def values(self, *names: bytes) -> list[int | None]:
        """The values of the lines `name value`, in the order of `names`; None for a missing line."""
        text = b"\n" + self.read()
        return [_value(text, name) for name in names]

    def write(self, text: bytes) -> bool:
        """Write `text`; false where the kernel refuses."""
        if self._descriptor is None:
            return False
        try:
            os.pwrite(self._descriptor, text, 0)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the descriptor; may be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


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


class PressureFiles:
    """Pressure stall totals of a cgroup, or of the whole host where the cgroup has none."""

    def __init__(self, cgroup: Path | None, host: Path) -> None:
        places: list[tuple[Pressure, list[Path]]] = [
            ("host", [host / "cpu", host / "memory", host / "io"]),
        ]
        if cgroup is not None:
            names = ("cpu.pressure", "memory.pressure", "io.pressure")
            places.insert(0, ("cgroup", [cgroup / name for name in names]))
        self.source: Pressure = "none"
        self._files: list[KeptFile] = []
        for source, paths in places:
            files = [KeptFile(path) for path in paths]
            # A kernel booted with PSI off has the files, but they cannot be read.
            if all(file.read() for file in files):
                self.source, self._files = source, files
                return
            for file in files:
                file.close()

    def add_to(self, sample: Sample) -> None:
        """Fill the pressure columns: seconds in which at least one task was stalled."""
        if not self._files:
            return
        cpu, memory, io = (_some_total_seconds(file.read()) for file in self._files)
        sample.cpu_pressure_seconds = cpu
        sample.memory_pressure_seconds = memory
        sample.io_pressure_seconds = io

    def close(self) -> None:
        """Close every descriptor."""
        for file in self._files:
            file.close()


def _value(text: bytes, name: bytes) -> int | None:
    # Splitting all forty lines of memory.stat would cost as much as all the reads together.
    _, found, after = text.partition(b"\n" + name + b" ")
    return int(after[: after.find(b"\n")]) if found else None


def seconds(count: int | None, per_second: float) -> float | None:
    """A counter of microseconds or nanoseconds in seconds."""
    return None if count is None else count / per_second


def _some_total_seconds(text: bytes) -> float | None:
    """From `some avg10=.. avg60=.. avg300=.. total=MICROSECONDS`, the first line of a pressure file."""
    first = text.partition(b"\n")[0]
    _, found, total = first.partition(b"total=")
    return int(total) / 1e6 if found else None

"""A code server on this machine, or in a container whose processes can be seen from here."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import psutil

from harness.collect.reading import GoneError, Reading
from harness.errors import InputError
from harness.observe.cgroup import CgroupPaths
from harness.observe.sampler import SamplerConfig, open_reader
from harness.observe.tree import TreeWalker

_NO_LIMIT_FROM = 1 << 62
_SELDOM = 1e-9
"""Share of a core for PSS and USS, which are not written down."""


class ProcessProbe:
    """Reads the cgroup that a process is in, and the tree below that process."""

    def __init__(self, pid: int) -> None:
        """Find its cgroup; the sum over its tree is read where it has none of its own.

        Raises:
            InputError: there is no such process.
        """
        try:
            self._server = psutil.Process(pid)
            self._instance = f"{pid}-{self._server.create_time():.0f}"
        except psutil.Error:
            raise InputError(f"pid={pid}: no such process, or no right to see it") from None
        self._cgroup = CgroupPaths.of_process(pid)
        self._reader = open_reader(SamplerConfig(self._cgroup, pid, 1.0, 1.0))
        self._walker = TreeWalker(pid, _SELDOM, self._cgroup.pids)
        what = f"cgroup {self._cgroup.memory}" if self._cgroup.version else "sum over its tree"
        self.name = f"process {pid} ({what})"

    def read(self) -> Reading:
        """Read once; see `Probe`."""
        if not self._server.is_running() or self._server.status() == psutil.STATUS_ZOMBIE:
            raise GoneError(f"{self.name} has ended")
        sample, tree = self._reader.sample(), self._walker.walk()
        memory = sample.working_set_bytes if self._cgroup.version else sample.memory_bytes
        if memory is None:
            raise GoneError(f"{self.name} has ended")
        return Reading(
            at=sample.at_epoch_seconds,
            instance=self._instance,
            working_set_bytes=memory,
            rss_bytes=sample.anon_bytes,
            cache_bytes=sample.file_bytes,
            cpu_seconds=sample.cpu_seconds,
            throttled_seconds=sample.throttled_seconds,
            threads=sum(one.threads for one in tree),
            processes=len(tree),
            memory_limit_bytes=_memory_limit(self._cgroup),
            cpu_limit_cores=_cpu_limit(self._cgroup),
        )

    def close(self) -> None:
        """Close every descriptor."""
        self._reader.close()
        self._walker.close()


def find_server() -> int:
    """Pid of the only code server that can be seen from here.

    Raises:
        InputError: there is none, or there are several.
    """
    found = [
        one for one in psutil.process_iter(["pid", "ppid", "cmdline"]) if _is_server(one.info["cmdline"])
    ]
    pids = {one.info["pid"] for one in found}
    # A proxy (`dagster code-server start`) has the server proper below it.
    topmost = [one for one in found if one.info["ppid"] not in pids]
    if not topmost:
        raise InputError(
            "pid=auto: no process here is a code server (dagster api grpc, or dagster code-server start); "
            "share the server's processes with this container, or give its pid"
        )
    if len(topmost) > 1:
        listed = "; ".join(f"{one.info['pid']}: {' '.join(one.info['cmdline'])[:80]}" for one in topmost[:5])
        raise InputError(f"pid=auto: {len(topmost)} code servers are here; give the pid of one ({listed})")
    return int(topmost[0].info["pid"])


def _is_server(command: list[str] | None) -> bool:
    words = [Path(word).name for word in command or ()]
    pairs = list(pairwise(words))
    return any("dagster" in word for word in words) and (
        ("api", "grpc") in pairs or ("code-server", "start") in pairs
    )


def _memory_limit(cgroup: CgroupPaths) -> float | None:
    """Bytes; None where there is none."""
    name = {1: "memory.limit_in_bytes", 2: "memory.max"}.get(cgroup.version)
    told = _text(Path(cgroup.memory) / name) if name else ""
    return float(told) if told.isdecimal() and int(told) < _NO_LIMIT_FROM else None


def _cpu_limit(cgroup: CgroupPaths) -> float | None:
    """Cores; None where there is none."""
    folder, told = Path(cgroup.cpu), ""
    if cgroup.version == 1:
        told = f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}"
    elif cgroup.version:
        told = _text(folder / "cpu.max")
    numbers = [float(one) for one in told.split() if one.isdecimal()]
    return numbers[0] / numbers[1] if len(numbers) == 2 and all(numbers) else None


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except OSError:
        return ""

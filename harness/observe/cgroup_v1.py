"""Reader of a cgroup of version 1, whose controllers may lie in different folders.

Files: https://docs.kernel.org/admin-guide/cgroup-v1/memory.html; CPU times are in nanoseconds.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from harness.observe.cgroup import CgroupPaths, Look, Sample, Watermark, pressure_files, seconds
from harness.observe.kept_files import KeptFiles, integer, values

HOST_PRESSURE = Path("/proc/pressure")


class CgroupV1Reader:
    """Version 1 keeps a watermark that can be reset, but no pressure: that is the whole host's."""

    max_hz = float("inf")

    def __init__(self, paths: CgroupPaths, host_pressure: Path = HOST_PRESSURE) -> None:
        memory, cpu = Path(paths.memory), Path(paths.cpu)
        self.pressure, pressure = pressure_files(None, host_pressure)
        self._files = KeptFiles(
            Path(paths.cpuacct) / "cpuacct.usage",
            memory / "memory.usage_in_bytes",
            memory / "memory.stat",
            cpu / "cpu.stat",
            memory / "memory.oom_control",
            *pressure,
        )
        # Writing anything to the file sets it to the present usage.
        self._watermark = Watermark(memory / "memory.max_usage_in_bytes", b"0", probe=False)
        self.resettable = self._watermark.resettable

    def look(self) -> Look:
        """Read once."""
        return partial(_sample, time.time(), self._files.read())

    def sample(self) -> Sample:
        """Read once, and work it out at once."""
        return self.look()()

    def reset_watermark(self) -> None:
        """Start the watermark anew from the present usage."""
        self._watermark.reset()

    def watermark(self) -> int | None:
        """Highest usage since the last reset."""
        return self._watermark.value()

    def close(self) -> None:
        """Close every descriptor."""
        self._files.close()
        self._watermark.close()


def _sample(at: float, texts: list[bytes]) -> Sample:
    cpu_usage, usage, stat, cpu_stat, oom, *pressure = texts
    sample = Sample(at)
    sample.cpu_seconds = seconds(integer(cpu_usage), 1e9)
    sample.anon_bytes, sample.file_bytes, inactive_file, active_file = values(
        stat, b"total_rss", b"total_cache", b"total_inactive_file", b"total_active_file"
    )
    sample.split_memory(integer(usage), inactive_file, active_file)
    sample.periods, sample.throttled_periods, throttled = values(
        cpu_stat, b"nr_periods", b"nr_throttled", b"throttled_time"
    )
    sample.throttled_seconds = seconds(throttled, 1e9)
    [sample.oom_kills] = values(oom, b"oom_kill")
    sample.add_pressure(pressure)
    return sample

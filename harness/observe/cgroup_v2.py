"""Reader of a cgroup of version 2.

Files: https://docs.kernel.org/admin-guide/cgroup-v2.html; CPU times are in microseconds.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from harness.observe.cgroup import CgroupPaths, Look, Sample, Watermark, pressure_files, seconds
from harness.observe.kept_files import KeptFiles, integer, values

HOST_PRESSURE = Path("/proc/pressure")


class CgroupV2Reader:
    """Pressure is the cgroup's own where the kernel has it; the watermark can be reset from Linux 6.12 on."""

    max_hz = float("inf")

    def __init__(self, paths: CgroupPaths, host_pressure: Path = HOST_PRESSURE) -> None:
        memory, cpu = Path(paths.memory), Path(paths.cpu)
        self.pressure, pressure = pressure_files(memory, host_pressure)
        self._files = KeptFiles(
            cpu / "cpu.stat",
            memory / "memory.current",
            memory / "memory.stat",
            memory / "memory.events",
            *pressure,
        )
        # A write resets the peak that this one descriptor sees; older kernels refuse it.
        self._peak = Watermark(memory / "memory.peak", b"reset\n", probe=True)
        self.resettable = self._peak.resettable

    def look(self) -> Look:
        """Read once."""
        return partial(_sample, time.time(), self._files.read())

    def sample(self) -> Sample:
        """Read once, and work it out at once."""
        return self.look()()

    def reset_watermark(self) -> None:
        """Start the watermark anew from the present usage."""
        self._peak.reset()

    def watermark(self) -> int | None:
        """Highest usage since the last reset."""
        return self._peak.value()

    def close(self) -> None:
        """Close every descriptor."""
        self._files.close()
        self._peak.close()


def _sample(at: float, texts: list[bytes]) -> Sample:
    cpu_stat, usage, stat, events, *pressure = texts
    sample = Sample(at)
    used, sample.periods, sample.throttled_periods, throttled = values(
        cpu_stat, b"usage_usec", b"nr_periods", b"nr_throttled", b"throttled_usec"
    )
    sample.cpu_seconds = seconds(used, 1e6)
    sample.throttled_seconds = seconds(throttled, 1e6)
    sample.anon_bytes, sample.file_bytes, inactive_file, active_file = values(
        stat, b"anon", b"file", b"inactive_file", b"active_file"
    )
    sample.split_memory(integer(usage), inactive_file, active_file)
    [sample.oom_kills] = values(events, b"oom_kill")
    sample.add_pressure(pressure)
    return sample

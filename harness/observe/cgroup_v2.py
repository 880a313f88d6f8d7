"""Reader of a cgroup of version 2.

Files: https://docs.kernel.org/admin-guide/cgroup-v2.html; CPU times are in microseconds.
"""

from __future__ import annotations

import time
from pathlib import Path

from harness.observe.cgroup import CgroupPaths, KeptFile, Pressure, PressureFiles, Sample, Watermark, seconds

HOST_PRESSURE = Path("/proc/pressure")


class CgroupV2Reader:
    """Pressure is the cgroup's own where the kernel has it; the watermark can be reset from Linux 6.12 on."""

    max_hz = float("inf")

    def __init__(self, paths: CgroupPaths, host_pressure: Path = HOST_PRESSURE) -> None:
        memory, cpu = Path(paths.memory), Path(paths.cpu)
        self._usage = KeptFile(memory / "memory.current")
        self._stat = KeptFile(memory / "memory.stat")
        self._events = KeptFile(memory / "memory.events")
        self._cpu_stat = KeptFile(cpu / "cpu.stat")
        # A write resets the peak that this one descriptor sees; older kernels refuse it.
        self._peak = Watermark(memory / "memory.peak", b"reset\n", probe=True)
        self._pressure = PressureFiles(memory, host_pressure)
        self.pressure: Pressure = self._pressure.source
        self.resettable = self._peak.resettable

    def sample(self) -> Sample:
        """Read once."""
        sample = Sample(time.time())
        used, sample.periods, sample.throttled_periods, throttled = self._cpu_stat.values(
            b"usage_usec", b"nr_periods", b"nr_throttled", b"throttled_usec"
        )
        sample.cpu_seconds = seconds(used, 1e6)
        sample.throttled_seconds = seconds(throttled, 1e6)
        usage = self._usage.integer()
        sample.anon_bytes, sample.file_bytes, inactive_file, active_file = self._stat.values(
            b"anon", b"file", b"inactive_file", b"active_file"
        )
        sample.split_memory(usage, inactive_file, active_file)
        [sample.oom_kills] = self._events.values(b"oom_kill")
        self._pressure.add_to(sample)
        return sample

    def reset_watermark(self) -> None:
        """Start the watermark anew from the present usage."""
        self._peak.reset()

    def watermark(self) -> int | None:
        """Highest usage since the last reset."""
        return self._peak.value()

    def close(self) -> None:
        """Close every descriptor."""
        files = (self._usage, self._stat, self._events, self._cpu_stat, self._peak, self._pressure)
        for file in files:
            file.close()

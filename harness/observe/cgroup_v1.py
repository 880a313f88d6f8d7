"""Reader of a cgroup of version 1, whose controllers may lie in different folders.

Files: https://docs.kernel.org/admin-guide/cgroup-v1/memory.html; CPU times are in nanoseconds.
"""

from __future__ import annotations

import time
from pathlib import Path

from harness.observe.cgroup import CgroupPaths, KeptFile, Pressure, PressureFiles, Sample, Watermark, seconds

HOST_PRESSURE = Path("/proc/pressure")


class CgroupV1Reader:
    """Version 1 keeps a watermark that can be reset, but no pressure: that is the whole host's."""

    max_hz = float("inf")

    def __init__(self, paths: CgroupPaths, host_pressure: Path = HOST_PRESSURE) -> None:
        memory, cpu = Path(paths.memory), Path(paths.cpu)
        self._usage = KeptFile(memory / "memory.usage_in_bytes")
        self._stat = KeptFile(memory / "memory.stat")
        self._oom = KeptFile(memory / "memory.oom_control")
        self._cpu_usage = KeptFile(Path(paths.cpuacct) / "cpuacct.usage")
        self._cpu_stat = KeptFile(cpu / "cpu.stat")
        # Writing anything to the file sets it to the present usage.
        self._watermark = Watermark(memory / "memory.max_usage_in_bytes", b"0", probe=False)
        self._pressure = PressureFiles(None, host_pressure)
        self.pressure: Pressure = self._pressure.source
        self.resettable = self._watermark.resettable

    def sample(self) -> Sample:
        """Read once."""
        sample = Sample(time.time())
        sample.cpu_seconds = seconds(self._cpu_usage.integer(), 1e9)
        usage = self._usage.integer()
        sample.anon_bytes, sample.file_bytes, inactive_file, active_file = self._stat.values(
            b"total_rss", b"total_cache", b"total_inactive_file", b"total_active_file"
        )
        sample.split_memory(usage, inactive_file, active_file)
        sample.periods, sample.throttled_periods, throttled = self._cpu_stat.values(
            b"nr_periods", b"nr_throttled", b"throttled_time"
        )
        sample.throttled_seconds = seconds(throttled, 1e9)
        [sample.oom_kills] = self._oom.values(b"oom_kill")
        self._pressure.add_to(sample)
        return sample

    def reset_watermark(self) -> None:
        """Start the watermark anew from the present usage."""
        self._watermark.reset()

    def watermark(self) -> int | None:
        """Highest usage since the last reset."""
        return self._watermark.value()

    def close(self) -> None:
        """Close every descriptor."""
        files = (self._usage, self._stat, self._oom, self._cpu_usage, self._cpu_stat, self._watermark)
        for file in (*files, self._pressure):
            file.close()

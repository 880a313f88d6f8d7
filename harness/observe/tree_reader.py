"""What the code server costs where there is no cgroup to read: the sum over its process tree."""

from __future__ import annotations

import time

from harness.observe.cgroup import Look, Pressure, Sample
from harness.observe.tree import ProcessSample, TreeWalker


class TreeReader:
    """Sums PSS (else USS, else RSS) and CPU of the tree.

    A sum of PSS counts every shared page once, as a cgroup does. There is no watermark, so a spike between
    two readings is not seen.
    """

    pressure: Pressure = "none"
    resettable = False
    max_hz = 4.0

    def __init__(self, root_pid: int) -> None:
        # Without PSS and USS the sum would jump, so here each walk reads them, whatever they cost.
        self._walker = TreeWalker(root_pid, detail_cpu_share=float("inf"))
        self.walked: tuple[float, list[ProcessSample]] = (0.0, [])
        """When the newest sample was read, and what it is the sum of."""
        self._last_sum = 0.0
        self._lost = 0.0

    def look(self) -> Look:
        """Walk the tree once."""
        sample = self.sample()
        return lambda: sample

    def sample(self) -> Sample:
        """Walk the tree once."""
        sample = Sample(time.time())
        processes = self._walker.walk()
        self.walked = (sample.at_epoch_seconds, processes)
        if not processes:
            return sample
        sample.memory_bytes = sum(_own_bytes(process) for process in processes)
        sample.cpu_seconds = self._counter(
            sum(process.cpu_seconds + process.children_cpu_seconds for process in processes)
        )
        return sample

    def _counter(self, present: float) -> float:
        """CPU-seconds that never fall, although a process that is gone takes its own with it.

        On Linux a parent inherits the CPU time of the child it waits for; where it does not, or nobody
        waits, the sum falls, and what it fell by is carried on.
        """
        self._lost += max(0.0, self._last_sum - present)
        self._last_sum = present
        return present + self._lost

    def reset_watermark(self) -> None:
        """There is none."""

    def watermark(self) -> int | None:
        """There is none."""
        return None

    def close(self) -> None:
        """Let go of every process."""
        self._walker.close()


def _own_bytes(process: ProcessSample) -> int:
    for size in (process.pss_bytes, process.uss_bytes, process.rss_bytes):
        if size is not None:
            return size
    return 0

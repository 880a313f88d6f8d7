"""Seconds and memory that it takes to read a history from a real Prometheus, and how they grow with it.

Run as `python -m tests.perf.bench_prometheus [DAYS] [CONTAINERS]`. A Prometheus gets DAYS of ten series of
each container, a reading every 30 s; they are read, and the last tenth of them, each by a process of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from harness.metrics.prometheus import PrometheusSource
from tests.planted_metrics import CODE, life
from tests.real_prometheus import Planted, missing, prometheus

DAY = 86_400.0
SERIES = 10


def planted(containers: int, since: float, until: float) -> Iterator[Planted]:
    """Replicas of one deployment, in one life each."""
    for number in range(containers):
        pod = f"code-7d9f8b6c5d-x2x{number:02}"
        labels = {**CODE, "pod": pod, "id": f"/kubepods/{pod}"}
        one = life(labels, since, until, seed=number)
        yield from one.series()
        yield Planted("container_cpu_cfs_throttled_seconds_total", labels, one.at, one.cpu / 10)


def read(url: str, since: float, until: float) -> None:
    """Read once, and print what it took; in a process of its own."""
    before = peak_mib()
    began = time.perf_counter()
    instances, _ = PrometheusSource(url, 'container="dagster"').read(since, until, lambda _line: None)
    seconds = time.perf_counter() - began
    count = sum(len(one.at) for instance in instances for one in instance.readings.values())
    print(json.dumps({"seconds": seconds, "before": before, "peak": peak_mib(), "kept": count}))


def peak_mib() -> float:
    """Highest RSS of this process; what `getrusage` tells may be that of its parent."""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert told is not None
    return int(told[1]) / 1024


def measured(url: str, since: float, until: float) -> dict[str, float]:
    """What `read` prints."""
    command = [sys.executable, "-m", "tests.perf.bench_prometheus", "read", url, str(since), str(until)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def main(days: int, containers: int) -> None:
    """Measure and print."""
    if missing():
        raise SystemExit(f"not on the PATH: {missing()}")
    until = float(np.floor(time.time()))
    since = until - days * DAY
    with (
        tempfile.TemporaryDirectory() as folder,
        prometheus(Path(folder), planted(containers, since, until)) as url,
    ):
        short, long = measured(url, until - days * DAY / 10, until), measured(url, since, until)
    samples = int(days * DAY / 30) * containers * SERIES
    print(f"{containers * SERIES} series of {days} days, a reading every 30 s: {samples:,} samples")
    print(f"{'':16}{'a tenth':>12}{'all':>12}{'times as much':>16}")
    print(f"{'seconds':16}{short['seconds']:12.2f}{long['seconds']:12.2f}", end="")
    print(f"{long['seconds'] / short['seconds']:15.1f}x")
    print(f"{'peak RSS, MiB':16}{short['peak']:12.0f}{long['peak']:12.0f}", end="")
    print(f"{long['peak'] / short['peak']:15.1f}x")
    print(f"(RSS before reading: {long['before']:.0f} MiB; {long['kept']:,.0f} readings kept)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["read"]:
        read(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
    else:
        main(*(int(a) for a in [*sys.argv[1:], *["30", "2"][len(sys.argv) - 1 :]]))

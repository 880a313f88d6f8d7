"""What the sampler costs and what it sees, measured side by side: `python -m tests.perf.bench_sampler`.

A server-like process with 30 run-like children of 50 MiB each stands in a real cgroup. Against it run, one
after the other: the sampler at its default rates, the sampler's cgroup loop alone, and a psutil walk of the
tree. Then a process in the cgroup makes memory spikes of 20 to 50 ms, and the peak that was sampled is set
against the kernel's watermark.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.observe.client import SamplerClient
from harness.scenario.model import SamplingSection
from harness.stack import limited_cgroup
from harness.stack.channel import ProcessChannel, sampler_command

RUNS = 30
BALLAST_MIB = 50
SPIKE_MIB = 64
SPIKES_PER_LENGTH = 10
SPIKE_MILLISECONDS = (20, 30, 40, 50)
SECONDS = 8.0
WALK_SECONDS = 4.0
RARELY = 0.01
"""A rate of walks at which none falls into the time measured, apart from the one at the start."""


@dataclass(frozen=True)
class Target:
    """What the samplers read."""

    group: limited_cgroup.LimitedCgroup
    server: int
    log: Path

    @contextlib.contextmanager
    def sampler(self, cgroup_hz: float, processes_hz: float) -> Iterator[SamplerClient]:
        """A started sampler."""
        rates = {"cgroup_hz": cgroup_hz, "processes_hz": processes_hz}
        config = {"cgroup": self.group.sampler_config(), "root_pid": self.server, **rates}
        client = SamplerClient(ProcessChannel(sampler_command(sys.executable, config), self.log))
        try:
            client.start()
            yield client
        finally:
            client.close()


@dataclass(frozen=True)
class SamplerCost:
    """What a sampler used while it was left alone."""

    cores: float
    readings: int
    missed: int


def main() -> int:
    """Print the comparisons; 3 where no cgroup can be made."""
    try:
        with (
            cgroup_with_room() as group,
            tempfile.TemporaryDirectory() as folder,
            run_like(group, "server", RUNS, BALLAST_MIB) as server,
        ):
            target = Target(group, server.pid, Path(folder) / "sampler.log")
            compare_cost(target, SamplingSection())
            compare_peaks(target, SamplingSection())
    except limited_cgroup.NoCgroupError as error:
        print(f"the sampler cannot be measured here: {error}")
        return 3
    return 0


def compare_cost(target: Target, rates: SamplingSection) -> None:
    """CPU of the sampler, and of a psutil walk at the rate of its cgroup loop."""
    whole = sampler_cost(target, rates.cgroup_hz, rates.processes_hz)
    loop = sampler_cost(target, rates.cgroup_hz, RARELY)
    print(f"sampler beside {RUNS} runs of {BALLAST_MIB} MiB, {SECONDS:g} s each:")
    print(
        f"  at its default rates ({rates.cgroup_hz:g} Hz cgroup, {rates.processes_hz:g} Hz processes): "
        f"{whole.cores:.1%} of a core, {whole.missed} of {whole.readings + whole.missed} readings missed"
    )
    print(
        f"  its cgroup loop alone ({rates.cgroup_hz:g} Hz): {loop.cores:.2%} of a core, "
        f"{loop.cores / rates.cgroup_hz * 1e6:.0f} us per reading"
    )
    for label, detail in (("RSS, PSS, USS, CPU, threads", True), ("RSS, CPU, threads", False)):
        cost = walk_cost(target.server, detail)
        cores = cost * rates.cgroup_hz
        print(
            f"  psutil walk ({label}): {cost * 1e3:.1f} ms each, so {cores:.0%} of a core at "
            f"{rates.cgroup_hz:g} Hz = {cores / loop.cores:.0f} x the cgroup loop, "
            f"{cores / whole.cores:.1f} x the whole sampler"
        )


def compare_peaks(target: Target, rates: SamplingSection) -> None:
    """How much of a short spike the samples show, where the kernel's watermark shows all of it."""
    print(f"spikes of {SPIKE_MIB} MiB beside the runs, {SPIKES_PER_LENGTH} of each length:")
    with target.sampler(rates.cgroup_hz, rates.processes_hz) as client:
        if not client.abilities.watermark:
            print("  this kernel's watermark cannot be reset (before Linux 6.12)")
            return
        with run_like(target.group, "spikes", SPIKE_MIB) as process:
            for milliseconds in SPIKE_MILLISECONDS:
                seen = [one_spike(client, process, milliseconds) for _ in range(SPIKES_PER_LENGTH)]
                peaks, spikes = zip(*seen, strict=True)
                print(
                    f"  held {milliseconds} ms: sampled peak / watermark {statistics.median(peaks):.1%} "
                    f"(lowest {min(peaks):.1%}); of the spike alone {statistics.median(spikes):.0%} "
                    f"(lowest {min(spikes):.0%})"
                )


def one_spike(
    client: SamplerClient, process: subprocess.Popen[str], milliseconds: int
) -> tuple[float, float]:
    """Sampled peak over watermark, with and without the level before the spike."""
    client.take()
    time.sleep(0.1)
    client.reset()
    before = client.take().samples["usage_bytes"].median()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{milliseconds}\n")
    process.stdin.flush()
    process.stdout.readline()
    watermark = client.read().watermark_bytes
    sampled = client.take().samples["usage_bytes"].max()
    return sampled / watermark, max(0.0, sampled - before) / (watermark - before)


def sampler_cost(target: Target, cgroup_hz: float, processes_hz: float) -> SamplerCost:
    """Let a sampler run for `SECONDS`; its start-up is not counted."""
    with target.sampler(cgroup_hz, processes_hz) as client:
        time.sleep(1.0)
        before = client.read()
        time.sleep(SECONDS)
        after = client.read()
    return SamplerCost(
        cores=(after.cpu_seconds - before.cpu_seconds) / (after.at - before.at),
        readings=after.readings - before.readings,
        missed=after.missed_readings - before.missed_readings,
    )


def walk_cost(server: int, detail: bool) -> float:
    """CPU-seconds of one plain psutil walk, the mean over `WALK_SECONDS` of walking."""
    root = psutil.Process(server)
    began, walks = time.process_time(), 0
    until = time.monotonic() + WALK_SECONDS
    while time.monotonic() < until:
        for process in (root, *root.children(recursive=True)):
            with process.oneshot():
                process.memory_full_info() if detail else process.memory_info()
                process.num_threads()
                process.cpu_times()
        walks += 1
    return (time.process_time() - began) / walks


@contextlib.contextmanager
def cgroup_with_room() -> Iterator[limited_cgroup.LimitedCgroup]:
    """A cgroup with room for all runs, removed afterwards."""
    made: list[Path] = []
    try:
        yield limited_cgroup.make(os.cpu_count() or 1, 3 * RUNS * BALLAST_MIB * 2**20, made.append)
    finally:
        for directory in made:
            limited_cgroup.kill_all(directory)
            limited_cgroup.remove(directory)


@contextlib.contextmanager
def run_like(
    group: limited_cgroup.LimitedCgroup, role: str, *numbers: int
) -> Iterator[subprocess.Popen[str]]:
    """A ready process of `run_like.py` in the cgroup; it ends with its stdin."""
    command = [sys.executable, str(Path(__file__).with_name("run_like.py")), role, *map(str, numbers)]
    with subprocess.Popen(
        group.enter(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "up\n":
            raise RuntimeError(f"run_like.py {role} did not start")
        yield process


if __name__ == "__main__":
    sys.exit(main())

"""What the sampler costs and what it sees, measured side by side: `python -m tests.perf.bench_sampler`.

A server-like process with 30 run-like children of 50 MiB each stands in a real cgroup. Beside it run, at the
same time, so that whatever else the machine does is the same for all: the sampler at its default rates, its
cgroup loop alone, an interpreter that only wakes up as often, one that reads the same files besides, and
psrecord, which adds up RSS and CPU of a tree. Then comes a psutil walk by itself. Last, a process in the
cgroup makes memory spikes of 20 to 50 ms, and the sampled peak is set against the kernel's watermark.

`python -m tests.perf.bench_sampler FOLDER` runs the sampler of another checkout beside them too.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
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
SECONDS = 30.0
WARM_UP_SECONDS = 2.0
WALK_SECONDS = 4.0
RARELY = 0.01
"""A rate of walks at which none falls into the time measured, apart from the one at the start."""

READ_ONLY = """
import sys, time
from harness.observe.sampler import SamplerConfig, open_reader
config = SamplerConfig.from_json(sys.argv[1])
reader = open_reader(config)
while True:
    time.sleep(1 / config.cgroup_hz)
    reader.look()
"""


@dataclass(frozen=True)
class Target:
    """What the samplers read."""

    group: limited_cgroup.LimitedCgroup
    server: int
    log: Path

    def config(self, cgroup_hz: float, processes_hz: float) -> dict[str, Any]:
        """Of a sampler at these rates."""
        rates = {"cgroup_hz": cgroup_hz, "processes_hz": processes_hz}
        return {"cgroup": self.group.sampler_config(), "root_pid": self.server, **rates}

    @contextlib.contextmanager
    def sampler(self, cgroup_hz: float, processes_hz: float) -> Iterator[SamplerClient]:
        """A started sampler."""
        command = sampler_command(sys.executable, self.config(cgroup_hz, processes_hz))
        client = SamplerClient(ProcessChannel(command, self.log))
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
    """CPU of the sampler and of others beside it, and of psutil walks at the sampler's rates."""
    cgroup_hz, walk_hz = rates.cgroup_hz, rates.processes_hz
    with contextlib.ExitStack() as stack:
        whole = stack.enter_context(target.sampler(cgroup_hz, walk_hz))
        loop = stack.enter_context(target.sampler(cgroup_hz, RARELY))
        others = {
            f"Python that wakes up {cgroup_hz:g} times a second and does nothing": stack.enter_context(
                started("-c", f"import time\nwhile True: time.sleep({1 / cgroup_hz})")
            ),
            "Python that also reads the same files, and makes nothing of them": stack.enter_context(
                started("-c", READ_ONLY, json.dumps(target.config(cgroup_hz, RARELY)))
            ),
        } | {
            f"psrecord (RSS and CPU of the tree) at {hz:g} Hz": stack.enter_context(
                psrecord(target.server, hz)
            )
            for hz in (walk_hz, cgroup_hz)
        }
        for folder in sys.argv[1:]:
            command = sampler_command(sys.executable, target.config(cgroup_hz, walk_hz))[1:]
            others[f"the sampler of {folder}"] = stack.enter_context(started(*command, folder=folder))
        time.sleep(WARM_UP_SECONDS)
        meters = [SamplerMeter(whole), SamplerMeter(loop)]
        used = {label: cpu_seconds(process) for label, process in others.items()}
        time.sleep(SECONDS)
        cost, cost_of_loop = (meter.cost() for meter in meters)
        cores = {label: (cpu_seconds(one) - used[label]) / SECONDS for label, one in others.items()}
        seen = whole.take().processes
    print(f"sampler beside {RUNS} runs of {BALLAST_MIB} MiB, all at once for {SECONDS:g} s:")
    print(
        f"  at its default rates ({cgroup_hz:g} Hz cgroup, {walk_hz:g} Hz processes): {cost.cores:.2%} of a "
        f"core, {cost.missed} of {cost.readings + cost.missed} readings missed; {told_of(seen)}"
    )
    print(
        f"  its cgroup loop alone ({cgroup_hz:g} Hz): {cost_of_loop.cores:.2%} of a core, "
        f"{cost_of_loop.cores / cgroup_hz * 1e6:.0f} us per reading"
    )
    for label, used_cores in cores.items():
        print(f"  {label}: {used_cores:.2%} of a core = {used_cores / cost.cores:.2f} x the whole sampler")
    for label, detail in (("RSS, PSS, USS, CPU, threads, files", True), ("RSS, CPU, threads, files", False)):
        of_walk = walk_cost(target.server, detail)
        print(f"  psutil walk ({label}): {of_walk * 1e3:.1f} ms each, so ", end="")
        print(
            ", ".join(
                f"{of_walk * hz:.1%} of a core at {hz:g} Hz = {of_walk * hz / cost.cores:.1f} x the sampler"
                for hz in (walk_hz, cgroup_hz)
            )
        )


def told_of(processes: pd.DataFrame) -> str:
    """The roles in the last walk, and how many walks read PSS and USS."""
    walks = processes.groupby("at_epoch_seconds")
    last = processes[processes["at_epoch_seconds"] == processes["at_epoch_seconds"].max()]
    roles = ", ".join(f"{number} {role}" for role, number in last["role"].value_counts().items())
    return f"{roles}; PSS in {int(walks['pss_bytes'].any().sum())} of {len(walks)} walks"


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


class SamplerMeter:
    """From now on."""

    def __init__(self, client: SamplerClient) -> None:
        self._client = client
        self._before = client.read()

    def cost(self) -> SamplerCost:
        """Until now."""
        before, after = self._before, self._client.read()
        return SamplerCost(
            cores=(after.cpu_seconds - before.cpu_seconds) / (after.at - before.at),
            readings=after.readings - before.readings,
            missed=after.missed_readings - before.missed_readings,
        )


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """So far."""
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


@contextlib.contextmanager
def started(*arguments: str, folder: str = ".") -> Iterator[subprocess.Popen[bytes]]:
    """A Python process in that folder, ended afterwards."""
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def psrecord(server: int, hz: float) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """It, at that rate."""
    options = ("--include-children", "--interval", str(1 / hz), "--log", os.devnull)
    return started("-m", "psrecord", str(server), *options)


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
                process.num_fds()
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

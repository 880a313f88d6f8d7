"""The sampler: a process of its own that reads one code server and streams what it reads.

    python -m harness.observe.sampler --config '{"cgroup": {"version": 1, "memory": DIR, "cpu": DIR,
        "cpuacct": DIR}, "root_pid": 123, "cgroup_hz": 40, "processes_hz": 2}'

It writes JSON lines to stdout and nothing to disk:

    {"kind": "hello", "version": 1, "columns": [..], "process_columns": [..], "resettable": true,
     "kills": true, "pressure": "cgroup" | "host" | "none", "cgroup_hz": 40.0}
    {"kind": "samples", "rows": [[..], ..]}                 every half second
    {"kind": "processes", "at": EPOCH_SECONDS, "rows": [[..], ..]}      after each walk of the tree
    {"kind": "answer", "id": 1, "watermark_bytes": .., "missed_readings": .., "readings": ..,
     "cpu_seconds": .., "at": EPOCH_SECONDS, "host": {"total": .., "idle": .., "steal": ..,
     "load_1min": ..}}                                    after all samples up to that instant

In a container beside the code server's, `"cgroup": {"seen_by_pid": 1}` finds the folders itself.

It takes JSON lines on stdin, `{"id": 1, "command": "reset" | "read" | "walk" | "stop"}`; "walk" asks for a
walk of the tree before the next is due. The end of stdin stops it too, so a killed harness leaves no sampler
behind.

Readings are due at fixed instants, so the rate does not drift. A reading later than a whole period is a
missed one: it is counted and left out, never made up for. What was read is worked out every half second,
for all readings together. Everything slow (the walk, the output) has its own thread. Only the standard
library and psutil are imported.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from harness.observe.cgroup import COLUMNS, CgroupPaths, Look, Reader
from harness.observe.cgroup_v1 import CgroupV1Reader
from harness.observe.cgroup_v2 import CgroupV2Reader
from harness.observe.host import host_times
from harness.observe.tree import PROCESS_COLUMNS, ProcessSample, TreeWalker
from harness.observe.tree_reader import TreeReader

PROTOCOL_VERSION = 1
BATCH_SECONDS = 0.5
EXIT_BAD_CONFIG = 2
STEADY_BYTES = 1 << 20
"""Less than what any process takes that loads Python."""


@dataclass(frozen=True)
class SamplerConfig:
    """What to read and how often."""

    cgroup: CgroupPaths
    root_pid: int
    cgroup_hz: float
    processes_hz: float

    @classmethod
    def from_json(cls, text: str) -> SamplerConfig:
        """From the text of `--config`; ValueError, naming the field, where it makes no sense."""
        document = json.loads(text)
        try:
            config = cls(
                cgroup=CgroupPaths.from_json(document["cgroup"]),
                root_pid=int(document["root_pid"]),
                cgroup_hz=float(document["cgroup_hz"]),
                processes_hz=float(document["processes_hz"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"missing or of the wrong type: {error}") from error
        if config.cgroup_hz <= 0 or config.processes_hz <= 0:
            raise ValueError("cgroup_hz and processes_hz must be above 0")
        return config

    def to_json(self) -> str:
        """As `from_json` reads it."""
        return json.dumps(
            {
                "cgroup": self.cgroup.to_json(),
                "root_pid": self.root_pid,
                "cgroup_hz": self.cgroup_hz,
                "processes_hz": self.processes_hz,
            }
        )


class Pace:
    """Absolute deadlines `period` seconds apart, on the monotonic clock."""

    def __init__(self, period: float, now: float) -> None:
        self.period = period
        self.deadline = now
        self.missed = 0

    def wait(self, now: float) -> float:
        """Seconds until the next reading is due; 0 when it is."""
        return max(0.0, self.deadline - now)

    def mark(self, now: float) -> None:
        """A reading is made `now`; whole periods that passed unused are missed."""
        skipped = max(0, int((now - self.deadline) / self.period))
        self.missed += skipped
        self.deadline += (skipped + 1) * self.period


class Steady:
    """Whether a walk would tell nothing new: every second one is spared while memory stays as it is."""

    def __init__(self) -> None:
        self._level: int | None = None
        self._spared = False

    def spares_walk(self, level: int | None) -> bool:
        """Whether to leave out the walk that is due.

        Args:
            level: memory of the whole tree in bytes; None where only a walk would tell.
        """
        same = level is not None and self._level is not None and abs(level - self._level) < STEADY_BYTES
        self._spared = same and not self._spared
        if not self._spared:
            self._level = level
        return self._spared


class Output:
    """Lines to stdout, written by a thread so that a slow reader never delays a reading."""

    def __init__(self, descriptor: int, broken: threading.Event) -> None:
        self._descriptor = descriptor
        self._broken = broken
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="output", daemon=True)
        self._thread.start()

    def put(self, message: dict[str, Any]) -> None:
        """Queue one message."""
        self._queue.put(message)

    def finish(self, timeout: float) -> None:
        """Write what is queued, but wait no longer than `timeout` seconds for the reader."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _write(self) -> None:
        while (message := self._queue.get()) is not None:
            line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                self._broken.set()
                return


class Input:
    """Commands from stdin, read by a thread.

    To wait for a lock, which that thread opens, takes less CPU than `select`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._commands: deque[dict[str, Any]] = deque()
        self._bell = threading.Lock()
        self._bell.acquire()
        self.wait = self._bell.acquire  # with no function of ours between, which costs as much again
        """Wait, if told `True`, up to so many seconds; whether a command or the end has come by then."""
        self.ended = False
        threading.Thread(target=self._read, name="input", daemon=True).start()

    def take(self) -> Iterator[dict[str, Any]]:
        """The commands that came."""
        while self._commands:
            yield self._commands.popleft()

    def _read(self) -> None:
        rest = b""
        try:
            while data := os.read(self._descriptor, 65536):
                *lines, rest = (rest + data).split(b"\n")
                self._commands.extend(json.loads(line) for line in lines)
                self._ring()
        finally:
            self.ended = True
            self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has rung already
            self._bell.release()


class Sampler:
    """The loop: wait until the next reading is due or a command comes, whichever comes first."""

    def __init__(self, config: SamplerConfig, commands: Input, output: Output, stop: threading.Event) -> None:
        self._config = config
        self._commands = commands
        self._output = output
        self._stop = stop
        self._reader = open_reader(config)
        self._rate = min(config.cgroup_hz, self._reader.max_hz)
        self._pace = Pace(1 / self._rate, time.monotonic())
        self._walker = TreeWalker(config.root_pid, group=config.cgroup.pids, level=self._level)
        self._walk_early = threading.Event()
        self._batch = max(1, round(self._rate * BATCH_SECONDS))
        self._readings = 0
        self._looks: list[Look] = []
        self._newest: Look | None = None

    def run(self) -> None:
        """Sample until told to stop, until stdin ends, or until nobody reads stdout."""
        self._say_hello()
        threading.Thread(target=self._walk_tree, name="walk", daemon=True).start()
        try:
            readings = 1  # the first goes out at once
            while not self._stop.is_set() and not self._commands.ended:
                self._read_batch(readings)
                readings = self._batch
                self._flush()
                for command in self._commands.take():
                    self._obey(command)
        finally:
            self._stop.set()
            self._walk_early.set()
            self._flush()
            self._reader.close()

    def _read_batch(self, readings: int) -> None:
        """Make so many readings, or those until a command comes.

        As little code as can be: from one reading to the next it is forgotten by the processor's caches.
        """
        clock, wait, look, keep = time.monotonic, self._commands.wait, self._reader.look, self._looks.append
        period, deadline = self._pace.period, self._pace.deadline
        for _ in range(readings):
            if (now := clock()) < deadline:
                if wait(True, deadline - now):
                    break
                now = clock()
            keep(look())
            if now < deadline + period:
                deadline += period
            else:  # whole periods have passed
                self._pace.deadline = deadline
                self._pace.mark(now)
                deadline = self._pace.deadline
        self._pace.deadline = deadline

    def _say_hello(self) -> None:
        self._output.put(
            {
                "kind": "hello",
                "version": PROTOCOL_VERSION,
                "columns": COLUMNS,
                "process_columns": PROCESS_COLUMNS,
                "resettable": self._reader.resettable,
                "kills": self._config.cgroup.version != 0,
                "pressure": self._reader.pressure,
                "cgroup_hz": self._rate,
            }
        )

    def _obey(self, command: dict[str, Any]) -> None:
        if command["command"] == "stop":
            self._stop.set()
        elif command["command"] == "reset":
            self._reader.reset_watermark()
            self._walker.restart()
        elif command["command"] == "walk":
            self._walk_early.set()
        self._output.put(
            {
                "kind": "answer",
                "id": command["id"],
                "watermark_bytes": self._reader.watermark(),
                "missed_readings": self._pace.missed,
                "readings": self._readings,
                "cpu_seconds": time.process_time(),
                "at": time.time(),
                "host": asdict(host_times()),
            }
        )

    def _flush(self) -> None:
        if self._looks:
            looks = self._looks
            self._newest, self._looks = looks[-1], []
            self._readings += len(looks)
            self._output.put({"kind": "samples", "rows": [look().row() for look in looks]})

    def _level(self) -> int | None:
        looks = self._looks  # the other thread may put an empty list in its place
        newest = looks[-1] if looks else self._newest
        return None if newest is None else newest().memory_bytes

    def _walk_tree(self) -> None:
        pace = Pace(1 / self._config.processes_hz, time.monotonic())
        sent, steady = 0.0, Steady()
        while not self._stop.is_set():
            asked = self._walk_early.wait(pace.wait(time.monotonic()))
            self._walk_early.clear()
            if (now := time.monotonic()) >= pace.deadline:
                pace.mark(now)
            if steady.spares_walk(self._level()) and not asked:
                continue
            at, processes = self._walk()
            if at != sent:
                sent = at
                self._output.put({"kind": "processes", "at": at, "rows": [one.row() for one in processes]})

    def _walk(self) -> tuple[float, list[ProcessSample]]:
        """When the tree was walked last, and what was found."""
        if isinstance(self._reader, TreeReader):
            return self._reader.walked
        at = time.time()
        return at, self._walker.walk()


def open_reader(config: SamplerConfig) -> Reader:
    """The reader for the cgroup version of `config`."""
    match config.cgroup.version:
        case 1:
            return CgroupV1Reader(config.cgroup)
        case 2:
            return CgroupV2Reader(config.cgroup)
        case _:
            return TreeReader(config.root_pid)


def main() -> int:
    """Entry point of `python -m harness.observe.sampler`."""
    parser = argparse.ArgumentParser(prog="harness.observe.sampler", description="stream readings")
    parser.add_argument("--config", required=True, help="JSON; see the head of this file")
    try:
        config = SamplerConfig.from_json(parser.parse_args().config)
    except ValueError as error:
        print(f"--config: {error}", file=sys.stderr)
        return EXIT_BAD_CONFIG
    # Ctrl-C reaches every process of the terminal; the harness decides when the sampler ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Each process of the tree takes two descriptors. (macOS refuses no limit, and needs none of them.)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    stop = threading.Event()
    output = Output(sys.stdout.fileno(), stop)
    Sampler(config, Input(sys.stdin.fileno()), output, stop).run()
    output.finish(timeout=2.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())

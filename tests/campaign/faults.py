"""The faults of the campaign: what each does to a running experiment, and when."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

PAUSE_SECONDS = 20.0
ENOUGH = "64m"
"""Size of a disk that an experiment does not fill."""
PARTS = {
    "sampler": "harness.observe.sampler",
    "load generator": "locustfile",
    "webserver": "dagster_webserver",
    "code server": "dagster api grpc",
    "daemon": "dagster._daemon",
}
"""What tells a part by its command line."""


@dataclass(frozen=True)
class Running:
    """The experiment that a fault is done to."""

    process: subprocess.Popen[str]
    out: Path
    chance: random.Random

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def tree(self) -> list[psutil.Process]:
        """The harness and all below it."""
        try:
            harness = psutil.Process(self.process.pid)
            return [harness, *harness.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@dataclass(frozen=True)
class Fault:
    """One kind of fault."""

    name: str
    strike: Callable[[Running], bool]
    """Does it; whether it could be done before the experiment was over."""
    disk: str = ""
    """Size of the disk of its own that the result goes to; empty for any."""


def _signal(number: signal.Signals) -> Callable[[Running], bool]:
    def strike(running: Running) -> bool:
        if running.over:
            return False
        running.process.send_signal(number)
        return True

    return strike


def _kill(part: str) -> Callable[[Running], bool]:
    def strike(running: Running) -> bool:
        while not running.over:  # it may not be there yet
            if found := _of_part(running, part):
                running.chance.choice(found).kill()
                return True
            time.sleep(0.05)
        return False

    return strike


def _of_part(running: Running, part: str) -> list[psutil.Process]:
    found = []
    for process in running.tree()[1:]:
        try:
            if PARTS[part] in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return sorted(found, key=lambda process: process.pid)


def _pause(running: Running) -> bool:
    """As when a laptop's lid is closed, or a virtual machine is moved."""
    if running.over:
        return False
    tree = running.tree()
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for process in tree:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        if number is signal.SIGSTOP:
            time.sleep(PAUSE_SECONDS)
    return True


def _no_more_files(running: Running) -> bool:
    """No process of the harness itself may open another file."""
    if running.over:
        return False
    held = sum(1 for _ in Path(f"/proc/{running.process.pid}/fd").iterdir())
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (held, held))
    return True


def _nothing(_running: Running) -> bool:
    """The disk fills up by itself, and may have ended it long ago."""
    return True


def _read_only(running: Running) -> bool:
    if running.over:
        return False
    subprocess.run(["mount", "-o", "remount,ro", str(running.out.parent)], check=True)
    return True


FAULTS = (
    *(Fault(f"SIGKILL to the {part}", _kill(part)) for part in PARTS),
    *(
        Fault(f"{number.name} to the harness", _signal(number))
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    ),
    Fault(f"everything paused for {PAUSE_SECONDS:g} s", _pause),
    Fault("no more open files", _no_more_files),
    Fault("disk full", _nothing, disk="300k"),
    Fault("disk turned read-only", _read_only, disk=ENOUGH),
)
"""In the order in which a campaign takes them in turn."""

"""The faults of the campaign: what each does to a running experiment, and when."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.campaign import containers
from tests.campaign.clock import Clock

PAUSE_SECONDS = 20.0
STOPPED_SECONDS = 10.0
"""How long a Docker engine stays stopped."""
PRESSED_SECONDS = 15.0
SPARED_BYTES = 400 * 2**20
"""What the neighbour that takes all memory leaves to the rest of the machine."""
ENOUGH = "64m"
"""Size of a disk that an experiment does not fill."""
STACKS = ("process", "compose")
PARTS = {
    "sampler": "harness.observe.sampler",
    "load generator": "locustfile",
    "webserver": "dagster_webserver",
    "code server": "dagster api grpc",
    "daemon": "dagster._daemon",
}
"""What tells a part by its command line."""
SERVICES = {
    "sampler": containers.SAMPLER,
    "webserver": "webserver",
    "code server": "code-server",
    "daemon": "daemon",
    "Postgres": "postgres",
}
"""What tells a part by its container."""
_DAY = 86_400.0
_NEEDS = {"daemon": ("--set", "dagster.coordinator=queued")}
"""What an experiment needs to have a part."""


@dataclass(frozen=True)
class Running:
    """The experiment that a fault is done to."""

    process: subprocess.Popen[str]
    out: Path
    chance: random.Random
    clock: Clock | None = None
    """What it takes for the time of day; None for the machine's."""

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
    strike: Callable[[Running], bool] | None
    """Does it to an experiment that is not over, and says whether it could; None where it comes by itself."""
    disk: str = ""
    """Size of the disk of its own that the result goes to; empty for any."""
    mend: Callable[[Path], None] | None = None
    """What has to be done to the result's folder before anything can go on; exit code 2 is right then."""
    options: tuple[str, ...] = ()
    """Of the experiment, besides those of all."""
    own_clock: bool = False
    """Whether the experiment needs a clock of its own, to be set."""

    def strikes(self, running: Running) -> bool:
        """Do it; whether it could be done before the experiment was over."""
        return self.strike is None or (not running.over and self.strike(running))


def _signal(number: signal.Signals) -> Callable[[Running], bool]:
    def strike(running: Running) -> bool:
        running.process.send_signal(number)
        return True

    return strike


def _kill(part: str) -> Callable[[Running], bool]:
    def kill_one(running: Running) -> bool:
        found = _of_part(running, part)
        try:
            running.chance.choice(found).kill()
        except (IndexError, psutil.NoSuchProcess):  # not there yet, or no more
            return False
        return True

    return _as_soon_as(kill_one)


def _kill_container(part: str) -> Callable[[Running], bool]:
    return _as_soon_as(lambda running: containers.kill_one(SERVICES[part], running.chance))


def _as_soon_as(can: Callable[[Running], bool]) -> Callable[[Running], bool]:
    """Tries again until it could be done, or the experiment is over."""

    def strike(running: Running) -> bool:
        while not running.over:
            if can(running):
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
    tree = running.tree()
    with containers.paused():
        _tell(tree, signal.SIGSTOP)
        time.sleep(PAUSE_SECONDS)
        _tell(tree, signal.SIGCONT)
    return True


def _tell(tree: list[psutil.Process], number: signal.Signals) -> None:
    for process in tree:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def _no_more_files(running: Running) -> bool:
    """No process of the harness itself may open another file."""
    held = sum(1 for _ in Path(f"/proc/{running.process.pid}/fd").iterdir())
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (held, held))
    return True


def _read_only(running: Running) -> bool:
    if not running.out.is_dir():
        return False
    _immutable(running.out, "+i")
    return True


def _writable(out: Path) -> None:
    if out.is_dir():
        _immutable(out, "-i")


def _immutable(folder: Path, attribute: str) -> None:
    # Files come and go meanwhile, and links have no attributes: chattr goes on with the rest.
    subprocess.run(["chattr", "-R", "-f", attribute, str(folder)], check=False)


def _set_clock(seconds: float) -> Callable[[Running], bool]:
    def strike(running: Running) -> bool:
        assert running.clock is not None
        running.clock.set_forward(seconds)
        return True

    return strike


def _take_memory(_running: Running) -> bool:
    """A neighbour takes what memory the machine has, so that the kernel drops every page it can."""
    size = psutil.virtual_memory().available - SPARED_BYTES
    # Where that is too much after all, the kernel shall kill the neighbour and nobody else.
    taking = (
        "import time, pathlib; pathlib.Path('/proc/self/oom_score_adj').write_text('1000'); "
        f"taken = b'x' * {size}; time.sleep({PRESSED_SECONDS})"
    )
    subprocess.run([sys.executable, "-c", taking], check=False)
    return True


def _stop_engine(_running: Running) -> bool:
    """As when the engine is upgraded: it takes every container with it, and comes back later."""
    containers.stop_engine()
    time.sleep(STOPPED_SECONDS)
    containers.start_engine()
    return True


_SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TO_HARNESS = tuple(Fault(f"{number.name} to the harness", _signal(number)) for number in _SIGNALS)
_PAUSED = Fault(f"everything paused for {PAUSE_SECONDS:g} s", _pause)
_STEPS = {"+1 s": 1.0, "-1 s": -1.0, "+1 h": 3600.0, "-1 h": -3600.0, "+1 day": _DAY}

FAULTS = {
    "process": (
        *(Fault(f"SIGKILL to the {part}", _kill(part), options=_NEEDS.get(part, ())) for part in PARTS),
        *_TO_HARNESS,
        _PAUSED,
        Fault("no more open files", _no_more_files),
        Fault("disk full", None, disk="300k"),
        Fault("result turned read-only", _as_soon_as(_read_only), mend=_writable),
        *(Fault(f"clock set by {name}", _set_clock(by), own_clock=True) for name, by in _STEPS.items()),
        Fault(f"a neighbour takes all memory for {PRESSED_SECONDS:g} s", _take_memory),
    ),
    "compose": (
        *(
            Fault(f"SIGKILL to {part}", _kill_container(part), options=_NEEDS.get(part, ()))
            for part in SERVICES
        ),
        Fault("SIGKILL to the load generator", _kill("load generator")),
        *_TO_HARNESS,
        _PAUSED,
        Fault(f"the engine stopped for {STOPPED_SECONDS:g} s", _stop_engine),
    ),
}
"""By stack, in the order in which a campaign takes them in turn."""

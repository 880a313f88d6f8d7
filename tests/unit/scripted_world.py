"""The script of an experiment: what shall happen, the runs it makes, and a clock that waits for nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.load.generator import LoadPlan
from harness.observe.host import HostTimes
from harness.target.target import Tag

EPOCH = 1_700_000_000.0
BASE_BYTES = 200 * 2**20
RUN_BYTES = 50 * 2**20
LAUNCH_SECONDS = 0.4
DAEMON_CORES = 0.02
TICKING_CORES = 0.6
TICKING_BYTES = 10 * 2**20
RUN_CORES = 0.1


class ScriptedClock:
    """Time passes only where somebody waits; what is due meanwhile happens at its instant."""

    def __init__(self) -> None:
        self._now = EPOCH
        self._zero = EPOCH
        self._due: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - self._zero

    def set_forward(self, seconds: float) -> None:
        self._now += seconds
        self._zero += seconds

    def sleep(self, seconds: float) -> None:
        self.sleep_until(self._now + seconds)

    def sleep_until(self, instant: float) -> None:
        while self._due and min(self._due, key=_instant)[0] <= instant:
            first = min(self._due, key=_instant)
            self._due.remove(first)
            self._now = max(self._now, first[0])
            first[1]()
        self._now = max(self._now, instant)

    def call_at(self, instant: float, action: Callable[[], None]) -> Callable[[], None]:
        entry = (instant, action)
        self._due.append(entry)
        return lambda: self._due.remove(entry) if entry in self._due else None


def _instant(entry: tuple[float, Callable[[], None]]) -> float:
    return entry[0]


@dataclass
class ScriptedRun:
    """One run of the script."""

    run_id: str
    tag: Tag
    replica: str
    pid: int
    launched: float
    started: float
    ended: float
    status: str = "SUCCESS"

    def status_at(self, now: float) -> str:
        if self.status in ("CANCELED", "STUCK"):
            return "STARTED" if self.status == "STUCK" else self.status
        if now < self.started:
            return "STARTING"
        return "STARTED" if now < self.ended else self.status


@dataclass
class Script:
    """What shall happen; the defaults are a burst in which all goes well."""

    replicas: int = 1
    clock_offset: float = 0.0
    """Seconds by which the clock of the code servers' machine is ahead."""
    generator_clock_offset: float = 0.0
    node_pressure: str = ""
    failing_launches: frozenset[int] = frozenset()
    """Numbers of launches, over the whole experiment, that are refused."""
    lost_bursts: frozenset[int] = frozenset()
    """Numbers of bursts, in the order they were fired, in which the first code server dies."""
    revivable: bool = True
    stolen_bursts: frozenset[int] = frozenset()
    """Bursts in which the hypervisor takes CPU."""
    shared_bursts: frozenset[int] = frozenset()
    """Bursts during which another experiment is measuring."""
    clock_set: Mapping[int, float] = field(default_factory=dict)
    """By how many seconds the machine's clock is set forward just after the release, by burst."""
    stuck_bursts: frozenset[int] = frozenset()
    """Bursts whose runs never end."""
    saturated_bursts: frozenset[int] = frozenset()
    """Bursts in which the load generator is late."""
    interrupted_burst: int | None = None
    """Ctrl-C comes when this burst is released."""
    broken_burst: int | None = None
    """A part of the deployment that nobody revives dies in this burst."""
    never_idle: bool = False
    missed_polls: int = 0
    """How many polls for statuses the webserver leaves unanswered."""
    processes: bool = True
    """Whether the source walks processes."""
    clock_offset_seconds: float = 0.0
    hz: float = 10.0
    launch_seconds: float = LAUNCH_SECONDS
    """From one answer to the next."""
    kernel_kills: bool = False
    """Whether a run that does not fit into the cell's memory is killed."""
    tick: tuple[str, str] = ("SKIPPED", "")
    """Status and failure of each tick that the daemon makes; without a status it makes none."""
    uneven_bytes: int = 0
    """By which every second burst takes more memory."""
    broken_cells: frozenset[int] = frozenset()
    """Numbers of deployments, from 0, that do not come up."""


@dataclass
class World:
    """The state of the script as it goes on."""

    script: Script = field(default_factory=Script)
    clock: ScriptedClock = field(default_factory=ScriptedClock)
    runs: list[ScriptedRun] = field(default_factory=list)
    fired: list[LoadPlan] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    polled: list[float] = field(default_factory=list)
    """When the statuses of a burst's runs were asked for."""
    revived: int = 0
    reloads: int = 0
    sensors: tuple[str, ...] = ()
    """Those that are turned on."""
    node: str = ""
    """Where the code servers are; empty where each is on one of its own."""
    sensors_from: float = 0.0
    ticked: list[tuple[float, float]] = field(default_factory=list)
    """From when to when sensors were on."""
    launches: int = 0
    ups: list[str] = field(default_factory=list)
    up_now: int = 0
    down: dict[str, float] = field(default_factory=dict)
    broken: str = ""
    memory_bytes: int = 2**62
    """Limit of the cell that is up."""
    kills: list[float] = field(default_factory=list)
    """Instants at which the kernel killed a run."""

    @property
    def burst(self) -> int:
        """Number of the burst that is fired now, from 0."""
        return len(self.fired) - 1

    def host(self) -> HostTimes:
        now = self.clock.monotonic()
        stolen = 0.2 * now if self.burst in self.script.stolen_bursts else 0.0
        return HostTimes(total=2 * now, idle=now, steal=stolen, load_1min=0.5)

    def alive(self, replica: str, at: float) -> list[ScriptedRun]:
        down = self.down.get(replica, float("inf"))
        return [
            run
            for run in self.runs
            if run.replica == replica and run.started <= at < min(run.ended + 0.1, down)
        ]

    def lose(self, replica: str) -> None:
        now = self.clock.now()
        self.down[replica] = now
        for run in self.alive(replica, now - 1e-6):
            if run.ended > now:
                run.status, run.ended = "STUCK", float("inf")

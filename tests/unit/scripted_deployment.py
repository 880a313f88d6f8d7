"""A deployment, its code servers and the load on them as a script: no process, no waiting, its own clock.

Fakes of the project's own protocols (`Stack`, `Deployment`, `Control`, `Source`, `Target`, `Generator`,
`Clock`), for tests of what an experiment does. Nothing of it measures anything.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from harness.errors import ExperimentError
from harness.experiment.tools import Tools
from harness.load.generator import LoadPlan, LoadReport, Sent
from harness.observe.host import HostTimes
from harness.observe.source import (
    AT,
    Abilities,
    Newest,
    Readings,
    Source,
    SourceState,
    processes_frame,
    samples_frame,
)
from harness.observe.tree import PROCESS_COLUMNS
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.stack.base import (
    Control,
    Limits,
    Loss,
    Replica,
    Say,
    ServerEnvironment,
    StackEvent,
)
from harness.stack.capabilities import COMPOSE, Capability
from harness.target.endpoint import Endpoint
from harness.target.graphql import GraphQLError
from harness.target.run_histories import RunHistory
from harness.target.target import Tag

EPOCH = 1_700_000_000.0
BASE_BYTES = 200 * 2**20
RUN_BYTES = 50 * 2**20
LAUNCH_SECONDS = 0.4
RUN_CORES = 0.1


class ScriptedClock:
    """Time passes only where somebody waits; what is due meanwhile happens at its instant."""

    def __init__(self) -> None:
        self._now = EPOCH
        self._due: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - EPOCH

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
    failing_launches: frozenset[int] = frozenset()
    """Numbers of launches, over the whole experiment, that are refused."""
    lost_bursts: frozenset[int] = frozenset()
    """Numbers of bursts, in the order they were fired, in which the first code server dies."""
    revivable: bool = True
    stolen_bursts: frozenset[int] = frozenset()
    """Bursts in which the hypervisor takes CPU."""
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


@dataclass
class World:
    """The state of the script as it goes on."""

    script: Script = field(default_factory=Script)
    clock: ScriptedClock = field(default_factory=ScriptedClock)
    runs: list[ScriptedRun] = field(default_factory=list)
    fired: list[LoadPlan] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    revived: int = 0
    launches: int = 0
    ups: list[str] = field(default_factory=list)
    up_now: int = 0
    down: dict[str, float] = field(default_factory=dict)
    broken: str = ""

    @property
    def burst(self) -> int:
        """Number of the burst that is fired now, from 0."""
        return len(self.fired) - 1

    def tools(self) -> Tools:
        return Tools(
            connect=lambda _endpoint: ScriptedTarget(self),
            generator=lambda: ScriptedGenerator(self),
            clock=self.clock,
            host=self.host,
        )

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


class ScriptedSource:
    """Readings made from the runs of the script."""

    def __init__(self, world: World, replica: str) -> None:
        self._world = world
        self._replica = replica
        self._from = world.clock.now()
        self._asked_from = self._from
        self.closed = False

    @property
    def abilities(self) -> Abilities:
        script = self._world.script
        return Abilities(
            hz=script.hz,
            processes=script.processes,
            kills=True,
            clock_offset_seconds=script.clock_offset_seconds,
        )

    def start(self) -> None:
        self._from = self._world.clock.now()

    def reset(self) -> SourceState:
        return self.read()

    def read(self) -> SourceState:
        self._end_with_the_server()
        now = self._now()
        return SourceState(float("nan"), 0, int((now - self._asked_from) * self._world.script.hz), 0.0, now)

    def take(self) -> Readings:
        samples = self.peek_samples()
        walks = self._walks() if self._world.script.processes else []
        self._from = self._world.clock.now()
        return Readings(samples, processes_frame(walks))

    def peek_samples(self) -> pd.DataFrame:
        return samples_frame(map(self._sample, self._instants(1 / self._world.script.hz)))

    def latest(self) -> Newest:
        self._end_with_the_server()
        now = self._world.clock.now()
        walk = processes_frame(self._walk(now)) if self._world.script.processes else None
        return self._sample(now), walk

    def close(self) -> None:
        self.closed = True

    def _end_with_the_server(self) -> None:
        if self._replica in self._world.down:
            raise ExperimentError("the sampler ended unexpectedly")

    def _now(self) -> float:
        return self._world.clock.now() + self._world.script.clock_offset_seconds

    def _instants(self, period: float) -> Iterator[float]:
        end = min(self._world.clock.now(), self._world.down.get(self._replica, float("inf")))
        number = 0
        while (at := self._from + number * period) <= end:
            yield at
            number += 1

    def _sample(self, at: float) -> dict[str, float | int | None]:
        here = len(self._world.alive(self._replica, at))
        busy = sum(
            max(0.0, min(run.ended, at) - run.started)
            for run in self._world.runs
            if run.replica == self._replica and run.started <= at
        )
        noise = 0.5 * (at - EPOCH) ** 2 if self._world.script.never_idle else 0.0  # one core more each second
        memory = BASE_BYTES + RUN_BYTES * here
        return {
            AT: at + self._world.script.clock_offset_seconds,
            "usage_bytes": memory,
            "memory_bytes": memory,
            "working_set_bytes": memory,
            "cpu_seconds": RUN_CORES * busy + noise,
            "oom_kills": 0,
        }

    def _walks(self) -> list[list[Any]]:
        return [row for at in self._instants(0.5) for row in self._walk(at)]

    def _walk(self, at: float) -> list[list[Any]]:
        shown = at + self._world.script.clock_offset_seconds
        server = self._process(shown, 1, 0, "server", EPOCH)
        runs = [
            self._process(shown, run.pid, 1, "run", run.started)
            for run in self._world.alive(self._replica, at)
        ]
        return [server, *runs]

    def _process(self, at: float, pid: int, parent: int, role: str, created: float) -> list[Any]:
        known = {"pid": pid, "ppid": parent, "role": role, "status": "sleeping", "threads": 4}
        known |= {"created_epoch_seconds": created, "rss_bytes": RUN_BYTES, "cpu_seconds": 0.0}
        return [at, *(known.get(column, float("nan")) for column in PROCESS_COLUMNS)]


class ScriptedTarget:
    """What the webserver says of the script's runs."""

    def __init__(self, world: World) -> None:
        self._world = world

    def check_job(self, job: str, run_config: Mapping[str, Any]) -> None:
        assert job
        assert run_config

    def check_tick(self, kind: Literal["sensor", "schedule"], name: str) -> None:
        assert kind
        assert name

    def statuses(self, tag: Tag) -> dict[str, str]:
        if self._world.script.missed_polls:
            self._world.script.missed_polls -= 1
            raise GraphQLError("no answer")
        return {run.run_id: run.status_at(self._world.clock.now()) for run in self._tagged(tag)}

    def histories(self, tag: Tag) -> list[RunHistory]:
        return [self._history(run) for run in self._tagged(tag)]

    def in_progress(self) -> int:
        now = self._world.clock.now()
        return sum(run.status_at(now) in ("STARTING", "STARTED") for run in self._world.runs)

    def cancel(self, run_ids: Iterable[str]) -> None:
        wanted = list(run_ids)
        self._world.canceled += wanted
        for run in self._world.runs:
            if run.run_id in wanted:
                run.status, run.ended = "CANCELED", self._world.clock.now()

    def close(self) -> None:
        pass

    def _tagged(self, tag: Tag) -> list[ScriptedRun]:
        return [run for run in self._world.runs if run.tag == tag]

    def _history(self, run: ScriptedRun) -> RunHistory:
        status = run.status_at(self._world.clock.now())
        ended = run.ended if status not in ("STARTED", "STARTING") else None
        nothing: dict[str, Any] = dict.fromkeys((f.name for f in dataclasses.fields(RunHistory)), None)
        known: dict[str, Any] = {"run_id": run.run_id, "job": "io_bound", "status": status, "pid": run.pid}
        known |= {"steps": 1, "metadata": "", "created_epoch_seconds": run.launched}
        known |= {"started_epoch_seconds": run.started, "ended_epoch_seconds": ended}
        known |= {"process_started_epoch_seconds": run.started, "run_start_epoch_seconds": run.started}
        known |= {"run_end_epoch_seconds": ended, "process_exited_epoch_seconds": ended}
        return RunHistory(**(nothing | known))


class ScriptedGenerator:
    """Answers every launch of a plan in turn, and makes the script's mishaps happen."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._plan: LoadPlan | None = None
        self._released = 0.0

    def __enter__(self) -> ScriptedGenerator:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def prepare(self, plan: LoadPlan) -> None:
        self._plan = plan

    def wait_ready(self, timeout: float) -> None:
        self._world.clock.sleep(0.1)

    def release(self, at_epoch: float) -> None:
        assert self._plan is not None
        self._world.fired.append(self._plan)
        self._released = at_epoch
        if self._world.burst == self._world.script.interrupted_burst:
            raise KeyboardInterrupt

    def finished(self, timeout: float) -> LoadReport:
        assert self._plan is not None
        world, script = self._world, self._world.script
        sent = [self._send(index) for index in range(len(self._plan.requests))]
        last = max(one.answered_epoch_seconds for one in sent)
        if world.burst in script.lost_bursts:
            world.clock.call_at(last + 0.2, lambda: world.lose("server-1"))
        if world.burst == script.broken_burst:
            world.broken = "webserver ended with exit code 1: nothing in its log"
        world.clock.sleep_until(last)
        late = world.burst in script.saturated_bursts
        return LoadReport(
            sent, cpu_fraction=0.99 if late else 0.1, lateness=0.01, saturated=late, processes=1
        )

    def _send(self, index: int) -> Sent:
        assert self._plan is not None
        world, script = self._world, self._world.script
        intended = self._released + self._plan.offsets[index]
        answered = intended + script.launch_seconds * (index + 1)
        number, world.launches = world.launches, world.launches + 1
        refused = number in script.failing_launches
        if not refused:
            [(key, value)] = [
                (entry["key"], entry["value"])
                for entry in self._plan.requests[index].variables["params"]["executionMetadata"]["tags"]
            ]
            stuck = world.burst in script.stuck_bursts
            world.runs.append(
                ScriptedRun(
                    run_id=f"run-{number}",
                    tag=(key, value),
                    replica=f"server-{index % script.replicas + 1}",
                    pid=1000 + number,
                    launched=intended,
                    started=answered,
                    ended=float("inf") if stuck else answered + 5.0,
                    status="STUCK" if stuck else "SUCCESS",
                )
            )
        return Sent(
            index=index,
            kind="launch",
            intended_epoch_seconds=intended,
            sent_epoch_seconds=intended,
            answered_epoch_seconds=answered,
            run_id=None if refused else f"run-{number}",
            outcome="error" if refused else "launched",
            message="refused by the script" if refused else "",
            http_status=200,
            worker_index=0,
        )


class ScriptedDeployment:
    """Code servers of the script."""

    endpoint = Endpoint("http://127.0.0.1:1/graphql", "under_test", "__repository__")
    environment = ServerEnvironment("3.11.2", {"dagster": "1.13.27"}, "2026-01-01")
    events: tuple[StackEvent, ...] = ()

    def __init__(self, world: World, cell: Cell) -> None:
        self._world = world
        self.limits = Limits(True, "script", "", cell.cpus, cell.memory_bytes, host_cpus=4)
        self.sources: list[ScriptedSource] = []
        self.replicas = tuple(
            Replica(name, self._opener(name), lambda: "127.0.0.1:1")
            for name in (f"server-{number + 1}" for number in range(world.script.replicas))
        )

    @property
    def control(self) -> Control | None:
        return self if self._world.script.revivable else None

    @property
    def losses(self) -> tuple[Loss, ...]:
        if not self._world.script.revivable:
            return ()
        return tuple(Loss(name, at, "exit") for name, at in self._world.down.items())

    def check(self) -> None:
        if self._world.broken:
            raise ExperimentError(self._world.broken)
        if self._world.down and not self._world.script.revivable:
            raise ExperimentError("code-server ended with exit code 137: nothing in its log")

    def kill(self, replica: str) -> None:
        self._world.lose(replica)

    def revive(self) -> None:
        self._world.clock.sleep(3.0)
        self._world.down.clear()
        self._world.revived += 1

    def _opener(self, name: str) -> Callable[[float, float], Source]:
        def open_source(_cgroup_hz: float, _processes_hz: float) -> Source:
            source = ScriptedSource(self._world, name)
            self.sources.append(source)
            return source

        return open_source


class ScriptedStack:
    """Brings the script up, and keeps count of it."""

    name = "scripted"

    def __init__(self, world: World, capabilities: frozenset[Capability] = COMPOSE) -> None:
        self._world = world
        self.capabilities = capabilities
        self.deployments: list[ScriptedDeployment] = []

    @contextmanager
    def up(self, scenario: Scenario, cell: Cell, logs: Path, say: Say) -> Iterator[ScriptedDeployment]:
        self._world.ups.append(cell.cell_id)
        self._world.up_now += 1
        deployment = ScriptedDeployment(self._world, cell)
        self.deployments.append(deployment)
        try:
            yield deployment
        finally:
            self._world.up_now -= 1

"""A deployment as a script: no process, no waiting, its own clock.

Fakes of the project's own protocols (`Stack`, `Deployment`, `Control`, `Source`; `Target` and `Generator` in
`scripted_load`; `Clock` in `scripted_world`), for tests of what an experiment does. Nothing of it measures
anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from harness.errors import ExperimentError
from harness.experiment.tools import Tools
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
    Companion,
    Control,
    Limits,
    Loss,
    Replica,
    Say,
    ServerEnvironment,
    StackEvent,
    Start,
)
from harness.stack.capabilities import COMPOSE, Capability
from harness.target.endpoint import Endpoint
from tests.unit.scripted_load import ScriptedGenerator, ScriptedTarget
from tests.unit.scripted_world import (
    BASE_BYTES,
    DAEMON_CORES,
    EPOCH,
    RUN_BYTES,
    RUN_CORES,
    TICKING_BYTES,
    TICKING_CORES,
    World,
)


def scripted_tools(world: World) -> Tools:
    """What an experiment works with on the script."""
    return Tools(
        connect=lambda _endpoint: ScriptedTarget(world),
        generator=lambda: ScriptedGenerator(world),
        clock=world.clock,
        host=world.host,
        others=lambda _spot: int(world.burst in world.script.shared_bursts),
    )


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
            kind="script",
            node=self._world.node or self._replica,
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

    def walk(self) -> None:
        self._end_with_the_server()

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
        if self._replica in self._world.down or (self._replica == "webserver" and self._world.broken):
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
        memory += self._world.script.uneven_bytes * (self._world.burst % 2) * (here > 0)
        if self._replica == "daemon":
            ticked = [max(0.0, min(at, end) - begin) for begin, end in self._ticked()]
            memory = BASE_BYTES + TICKING_BYTES * any(ticked)
            busy, noise = 0.0, DAEMON_CORES * (at - EPOCH) + TICKING_CORES * sum(ticked)
        return {
            AT: at + self._world.script.clock_offset_seconds,
            "usage_bytes": memory,
            "memory_bytes": memory,
            "working_set_bytes": memory,
            "cpu_seconds": RUN_CORES * busy + noise,
            "oom_kills": sum(killed <= at for killed in self._world.kills),
        }

    def _ticked(self) -> list[tuple[float, float]]:
        going_on = [(self._world.sensors_from, float("inf"))] if self._world.sensors else []
        return [*self._world.ticked, *going_on]

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


class ScriptedDeployment:
    """Code servers of the script."""

    endpoint = Endpoint("http://127.0.0.1:1/graphql", "under_test", "__repository__")
    environment = ServerEnvironment("3.11.2", {"dagster": "1.13.27"}, "2026-01-01")
    start = Start((), (4.0,))
    load = None
    events: tuple[StackEvent, ...] = ()

    def __init__(self, world: World, cell: Cell) -> None:
        self._world = world
        self._queued = cell.coordinator == "queued"
        self.limits = Limits(True, "script", "", cell.cpus, cell.memory_bytes, host_cpus=4)
        self.sources: list[ScriptedSource] = []
        self.replicas = tuple(
            Replica(name, self._opener(name), lambda: "127.0.0.1:1")
            for name in (f"server-{number + 1}" for number in range(world.script.replicas))
        )

    @property
    def companions(self) -> tuple[Companion, ...]:
        names = ("webserver", "daemon") if self._queued else ("webserver",)
        return tuple(Companion(name, self._opener(name)) for name in names)

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

    def clock_offset(self) -> float:
        return self._world.script.clock_offset

    def node_pressure(self) -> str:
        return self._world.script.node_pressure

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
    spot = ""

    def __init__(self, world: World, capabilities: frozenset[Capability] = COMPOSE) -> None:
        self._world = world
        self.capabilities = capabilities
        self.deployments: list[ScriptedDeployment] = []

    @contextmanager
    def up(self, scenario: Scenario, cell: Cell, logs: Path, say: Say) -> Iterator[ScriptedDeployment]:
        number = len(self._world.ups)
        self._world.ups.append(cell.cell_id)
        if number in self._world.script.broken_cells:
            raise ExperimentError("the code server was not ready after 120s; raise timeouts.start")
        self._world.up_now += 1
        self._world.memory_bytes = cell.memory_bytes
        deployment = ScriptedDeployment(self._world, cell)
        self.deployments.append(deployment)
        try:
            yield deployment
        finally:
            self._world.up_now -= 1

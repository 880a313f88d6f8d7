"""Code servers in containers while they run: what becomes of them, and how they are killed and revived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import docker

from harness.errors import ExperimentError
from harness.stack.base import Companion, Control, Limits, Loss, Replica, ServerEnvironment, StackEvent, Start
from harness.stack.containers import Container, Watcher
from harness.stack.engine import clock_offset
from harness.target.endpoint import Endpoint


@dataclass(frozen=True)
class RunningContainers:
    """Code servers and what belongs to them, up and ready."""

    client: docker.DockerClient
    elsewhere: bool
    """Whether the engine is on another machine."""
    endpoint: Endpoint
    limits: Limits
    environment: ServerEnvironment
    start: Start
    replicas: tuple[Replica, ...]
    companions: tuple[Companion, ...]
    watcher: Watcher
    servers: dict[str, Container]
    """Containers of the replicas, by the replicas' names."""
    restarts: bool
    """Whether the death of a code server is to be survived."""
    wait_for_servers: Callable[[list[Container]], object]

    @property
    def load(self) -> None:
        """None: launches come from this machine."""

    @property
    def control(self) -> Control:
        """Killing them and starting them again."""
        return self

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """What the engine saw happen to the containers."""
        return self.watcher.events

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The code servers that are down."""
        if not self.restarts:
            return ()
        down = {name: self.watcher.died_at(server.name) for name, server in self.servers.items()}
        return tuple(
            Loss(name, at, "oom" if self.watcher.was_oom(self.servers[name].name) else "exit")
            for name, at in down.items()
            if at is not None
        )

    def clock_offset(self) -> float:
        """Seconds by which the engine's clock is ahead of this machine's."""
        return clock_offset(self.client) if self.elsewhere else 0.0

    def node_pressure(self) -> str:
        """Empty: no cluster tells of it."""
        return ""

    def check(self) -> None:
        """Raise ExperimentError if one of the containers has ended that is not to be started again."""
        spared = {server.name for server in self.servers.values()} if self.restarts else set()
        if name := self.watcher.ended(spared):
            raise ExperimentError(self.watcher.how_it_ended(name))

    def kill(self, replica: str) -> None:
        """Kill the first process of a code server's container, and so everything in it."""
        self.watcher.kill(self.servers[replica])

    def revive(self) -> None:
        """Start the code servers that are down again; returns when they take connections."""
        down = [self.servers[loss.replica] for loss in self.losses]
        for server in down:
            self.watcher.start(server)
        self.wait_for_servers(down)

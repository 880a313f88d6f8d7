"""Code servers in pods while they run: what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from harness.errors import ExperimentError
from harness.load.place import Elsewhere
from harness.stack.base import Companion, Control, Limits, Loss, Replica, ServerEnvironment, StackEvent, Start
from harness.stack.pod_clock import PodClock
from harness.stack.pod_reach import PodReach, as_loss
from harness.stack.pod_watch import OOM, PodWatch
from harness.stack.server_command import last_line
from harness.target.endpoint import Endpoint


@dataclass(frozen=True)
class RunningPods:
    """Code servers and what belongs to them, up and ready."""

    endpoint: Endpoint
    load: Elsewhere
    limits: Limits
    environment: ServerEnvironment
    start: Start
    replicas: tuple[Replica, ...]
    companions: tuple[Companion, ...]
    watch: PodWatch
    clock: PodClock
    reach: PodReach
    forwarded: Callable[[], bool]
    """Whether the webserver can still be reached."""
    pods: Mapping[str, str]
    """Names of the code servers' pods, by replica."""
    restarts: bool
    """Whether the death of a code server is to be survived."""
    make_anew: Callable[[Collection[str]], None]
    """Makes pods again that have ended; returns when they take connections."""

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """What the cluster saw happen to the pods."""
        return self.watch.events

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The code servers that are down."""
        if not self.restarts:
            return ()
        ends = {name: self.watch.end_of(pod) for name, pod in self.pods.items()}
        return tuple(
            Loss(name, end.at_epoch_seconds, "oom" if end.reason == OOM else "exit")
            for name, end in ends.items()
            if end is not None
        )

    @property
    def control(self) -> Control:
        """Killing them and starting them again."""
        return self

    def kill(self, replica: str) -> None:
        """Kill the first process of a code server, and so everything in its container."""
        self.reach.kill(self.pods[replica])

    def revive(self) -> None:
        """Make the pods of code servers again that are down; returns when they take connections."""
        down = {self.pods[loss.replica] for loss in self.losses}
        with as_loss():
            self.make_anew(down)
        self.clock.reopen()

    def clock_offset(self) -> float:
        """Seconds by which the clock of the first code server's node is ahead."""
        return self.clock.offset()

    def node_pressure(self) -> str:
        """What the nodes of the code servers say they are short of."""
        nodes = {self.watch.node_of(pod) for pod in self.pods.values()} - {""}
        return self.reach.pressure_on(nodes)

    def check(self) -> None:
        """Raise ExperimentError if one of the pods has ended, or cannot be reached any more."""
        spared = set(self.pods.values()) if self.restarts else set()
        if name := self.watch.ended(spared):
            raise ExperimentError(how_it_ended(name, self.watch, self.reach.log_of))
        if not self.forwarded():
            raise ExperimentError("the way to the webserver broke (kubectl port-forward ended)")


def how_it_ended(name: str, watch: PodWatch, log_of: Callable[[str], str]) -> str:
    """One line on the end of a pod."""
    end, node = watch.end_of(name), watch.node_of(name)
    assert end is not None, "only of one that has ended"
    if end.reason == OOM:
        return f"{name}: the kernel killed it at the memory limit, and every run in it is lost"
    if end.exit_code is None:
        return f"{name} was taken from node {node} ({end.reason}), and every run in it is lost"
    return f"{name} ended with exit code {end.exit_code} ({end.reason}): {last_line(log_of(name))}"

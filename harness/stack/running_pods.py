"""Code servers in pods while they run: what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import ExperimentError
from harness.load.place import Elsewhere
from harness.stack.base import Companion, Limits, Loss, Replica, ServerEnvironment, StackEvent, Start
from harness.stack.pod_clock import PodClock
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
    log_of: Callable[[str], str]
    """What a pod wrote."""
    forwarded: Callable[[], bool]
    """Whether the webserver can still be reached."""

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """What the cluster saw happen to the pods."""
        return self.watch.events

    @property
    def losses(self) -> tuple[Loss, ...]:
        """None: the death of a code server ends the experiment."""
        return ()

    @property
    def control(self) -> None:
        """None: pods are not killed on purpose."""

    def clock_offset(self) -> float:
        """Seconds by which the clock of the first code server's node is ahead."""
        return self.clock.offset()

    def check(self) -> None:
        """Raise ExperimentError if one of the pods has ended, or cannot be reached any more."""
        if name := self.watch.ended():
            raise ExperimentError(how_it_ended(name, self.watch, self.log_of))
        if not self.forwarded():
            raise ExperimentError("the way to the webserver broke (kubectl port-forward ended)")


def how_it_ended(name: str, watch: PodWatch, log_of: Callable[[str], str]) -> str:
    """One line on the end of a pod."""
    end, node = watch.end_of(name), watch.node_of(name)
    if end.reason == OOM:
        return f"{name}: the kernel killed it at the memory limit, and every run in it is lost"
    if end.exit_code is None:
        return f"{name} was taken from node {node} ({end.reason}), and every run in it is lost"
    return f"{name} ended with exit code {end.exit_code} ({end.reason}): {last_line(log_of(name))}"

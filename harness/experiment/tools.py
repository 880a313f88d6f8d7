"""What an experiment works with besides the deployment; the real ones, unless a test brings its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from harness.experiment.clock import Clock, SystemClock
from harness.load.generator import LoadGenerator, LoadPlan, LoadReport
from harness.observe.host import HostTimes, host_times
from harness.target.endpoint import Endpoint
from harness.target.target import GraphQLTarget, Target


class Generator(Protocol):
    """Fires one plan; see `LoadGenerator`."""

    def prepare(self, plan: LoadPlan) -> None:
        """Take the plan; returns at once."""
        ...

    def wait_ready(self, timeout: float) -> None:
        """Return when everything could be sent at once; ExperimentError where that takes too long."""
        ...

    def release(self, at_epoch: float) -> None:
        """Set the instant that all offsets count from."""
        ...

    def finished(self, timeout: float) -> LoadReport:
        """Wait until every request was answered or timed out; ExperimentError where none is told of."""
        ...


@dataclass(frozen=True)
class Tools:
    """What loads, asks, waits and looks at the machine."""

    connect: Callable[[Endpoint], Target] = GraphQLTarget
    generator: Callable[[], AbstractContextManager[Generator]] = LoadGenerator
    clock: Clock = field(default_factory=SystemClock)
    host: Callable[[], HostTimes] = host_times
    others: Callable[[str], int] = lambda _spot: 0
    """How many other experiments measure where they disturb one at a spot."""

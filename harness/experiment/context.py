"""What the bursts of one cell share: the deployment and everything that talks to it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.experiment.presence import Presence, presence_of
from harness.experiment.stopwatch import Stopwatch
from harness.experiment.tools import Tools
from harness.observe.pings import Pinger
from harness.observe.source import Source
from harness.observe.source_group import SourceGroup
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.stack.base import Deployment, Replica
from harness.target.launchables import Launchable
from harness.target.target import Tag, Target

TAG = "dagster-sizing/burst"


@dataclass(frozen=True)
class BurstContext:
    """Everything the bursts of one cell share."""

    scenario: Scenario
    cell: Cell
    deployment: Deployment
    sources: SourceGroup
    companions: SourceGroup | None
    """The webserver and the daemon, if the scenario asks for their readings."""
    pinger: Pinger | None
    target: Target
    launchables: tuple[tuple[Launchable, ...], ...]
    """Each kind of run of the workload, as it is launched, by partition; none of ticks."""
    tools: Tools
    watch: Stopwatch
    experiment_id: str
    spot: str
    """Where is measured, as the stack tells it."""
    available_cores: float
    began_monotonic: float
    """When it came to be, on the clock that nobody sets: what is younger was started by what was fired."""

    @property
    def presence(self) -> Presence:
        """What tells whether runs are there; known once the sources were started."""
        return presence_of(self.sources, self.target)

    def tag(self, order: int) -> Tag:
        """The tag that the runs of burst number `order` carry."""
        return TAG, f"{self.experiment_id}-{order}"

    def start_pings(self) -> None:
        """Ping every replica from now on, if the scenario asks for it."""
        if self.pinger is not None:
            for replica in self.deployment.replicas:
                self.pinger.start(replica.name, replica.grpc_address())

    def forget_readings(self) -> None:
        """Forget what was read and pinged until now."""
        self.sources.take()
        if self.companions is not None:
            self.companions.take()
        if self.pinger is not None:
            self.pinger.take()

    def revive(self) -> None:
        """Start the lost code servers again, and read and ping them again."""
        lost = {loss.replica for loss in self.deployment.losses}
        assert self.deployment.control is not None, "only what can be revived is told of as a loss"
        self.deployment.control.revive()
        for replica in self.deployment.replicas:
            if replica.name in lost:
                self.sources.replace(replica.name, open_source(self.scenario, replica))
        self.start_pings()
        self.forget_readings()

    def close(self) -> None:
        """End what talks to the deployment."""
        if self.pinger is not None:
            self.pinger.close()
        self.sources.close()
        if self.companions is not None:
            self.companions.close()


SLOW_WALKS_HZ = 0.2
"""The least there is: their readings are those of their cgroups."""


def open_companions(scenario: Scenario, deployment: Deployment) -> SourceGroup | None:
    """Sources of the webserver and the daemon; not started yet. None where nobody asks for them."""
    hz = scenario.sampling.companions_hz
    if not hz or not deployment.companions:
        return None
    return SourceGroup({one.name: one.open_source(hz, SLOW_WALKS_HZ) for one in deployment.companions})


def open_source(scenario: Scenario, replica: Replica) -> Source:
    """A new source of readings of a replica; not started yet."""
    return replica.open_source(scenario.sampling.cgroup_hz, scenario.sampling.processes_hz)

"""What the bursts of one cell share: the running stack and everything that talks to it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.observe.client import SamplerClient
from harness.observe.group import SamplerGroup
from harness.observe.pings import Pinger
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.stack.base import Replica, RunningStack
from harness.target.graphql import GraphQLClient

TAG = "dagster-sizing/burst"


@dataclass(frozen=True)
class BurstContext:
    """Everything the bursts of one cell share."""

    scenario: Scenario
    cell: Cell
    stack: RunningStack
    samplers: SamplerGroup
    pinger: Pinger | None
    client: GraphQLClient
    experiment_id: str
    available_cores: float

    def tag(self, order: int) -> tuple[str, str]:
        """The tag that the runs of burst number `order` carry."""
        return TAG, f"{self.experiment_id}-{order}"

    def start_pings(self) -> None:
        """Ping every replica from now on, if the scenario asks for it."""
        if self.pinger is not None:
            for replica in self.stack.replicas:
                self.pinger.start(replica.name, replica.grpc_address())

    def revive(self) -> None:
        """Start the lost code servers again, and read and ping them again."""
        lost = {loss.replica for loss in self.stack.losses}
        self.stack.revive()
        for replica in self.stack.replicas:
            if replica.name in lost:
                self.samplers.replace(replica.name, open_sampler(self.scenario, replica))
        self.start_pings()

    def close(self) -> None:
        """End what talks to the stack."""
        if self.pinger is not None:
            self.pinger.close()
        self.samplers.close()
        self.client.close()


def open_sampler(scenario: Scenario, replica: Replica) -> SamplerClient:
    """A client of a new sampler beside a replica; not started yet."""
    sampling = scenario.sampling
    return SamplerClient(replica.open_sampler(sampling.cgroup_hz, sampling.processes_hz))

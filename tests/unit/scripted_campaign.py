"""A campaign on scripted deployments: what it is told goes into a list, and nothing is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.campaign.means import Means
from harness.errors import MachineError
from harness.experiment.listener import Listener
from harness.results.claims_document import ClaimRecord
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.trial_document import AttemptRecord
from harness.scenario.model import Scenario
from harness.stack.base import Stack
from harness.stack.place import Place
from harness.stack.registry import StackName
from tests.unit.scripted_deployment import ScriptedStack, scripted_tools
from tests.unit.scripted_world import World


class Heard:
    """A listener of campaigns and of their experiments, that keeps what it is told."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.notes: list[str] = []
        self.troubles: list[str] = []
        self.said: list[str] = []
        self.verdicts: list[tuple[str, str]] = []
        self.attempts: list[tuple[str, str]] = []
        self.cells = 0

    def part(self, heading: str) -> None:
        self.parts.append(heading)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def trouble(self, text: str) -> None:
        self.troubles.append(text)

    def decided(self, claim: ClaimRecord) -> None:
        self.verdicts.append((claim.id, claim.verdict))

    def attempted(self, attempt: AttemptRecord) -> None:
        self.attempts.append((attempt.folder, attempt.outcome))

    @contextmanager
    def experiment(self) -> Iterator[Listener]:
        yield self

    def cell_started(self, number: int, cells: int, label: str) -> None:
        self.cells += 1

    def say(self, what: str) -> None:
        self.said.append(what)

    def planned(self, bursts: int, seconds: float) -> None:
        pass

    def burst_done(self, text: str, bursts_left: int, seconds_left: float) -> None:
        pass

    def cell_finished(self, label: str) -> None:
        pass


def means_of(world: World, heard: Heard, published: list[Path] | None = None) -> Means:
    """What a campaign works with on a script; without Docker."""

    def fingerprint(stack: StackName) -> FingerprintRecord:
        if stack is StackName.compose:
            raise MachineError("no Docker engine answers")
        return FingerprintRecord({"cpu_count": 4, "memory_total_bytes": 16 * 2**30})

    def stack(_name: StackName, place: Place) -> Stack:
        world.node = place.node
        return ScriptedStack(world)

    return Means(
        listener=heard,
        publish=(published if published is not None else []).append,
        make_stack=stack,
        fingerprint=fingerprint,
        tools=scripted_tools(world),
    )


def scenario(**sections: Any) -> Scenario:
    """A small one, with sections in place of its own."""
    base: dict[str, Any] = {
        "name": "scripted",
        "server": {"memory": "1GiB"},
        "workloads": [{"workload": "io_bound"}],
        "load": {"levels": [1, 2, 4], "repeats": 2},
    }
    return Scenario.model_validate(base | sections)

"""What a campaign works with, and whom it tells how it goes on. A campaign never prints."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.experiment.listener import Listener
from harness.experiment.tools import Tools
from harness.results.claims_document import ClaimRecord
from harness.results.fingerprint import machine_fingerprint
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.trial_document import AttemptRecord
from harness.stack.base import Stack
from harness.stack.engine import engine_fingerprint
from harness.stack.kubectl import cluster_fingerprint
from harness.stack.ledger import others_measuring
from harness.stack.place import ANYWHERE, Place
from harness.stack.registry import StackName, make_stack


def fingerprint_of(stack: StackName) -> FingerprintRecord:
    """What results depend on: this machine, with the Docker engine where the stack takes one, or a cluster's.

    Raises:
        MachineError: the stack cannot be had.
    """
    fingerprint = machine_fingerprint()
    if stack is StackName.compose:
        return fingerprint.with_engine(engine_fingerprint())
    return fingerprint.with_cluster(cluster_fingerprint()) if stack is StackName.kubernetes else fingerprint


class CampaignListener(Protocol):
    """Receives the progress of a campaign."""

    def part(self, heading: str) -> None:
        """A new part begins."""
        ...

    def note(self, text: str) -> None:
        """Something good to know about the part."""
        ...

    def trouble(self, text: str) -> None:
        """A part broke off; the campaign goes on."""
        ...

    def decided(self, claim: ClaimRecord) -> None:
        """A claim has its verdict, for now."""
        ...

    def attempted(self, attempt: AttemptRecord) -> None:
        """A setting of a trial was tried."""
        ...

    def experiment(self) -> AbstractContextManager[Listener]:
        """An experiment begins; whoever it tells ends with the block."""
        ...


@dataclass(frozen=True)
class Means:
    """What a campaign works with."""

    listener: CampaignListener
    publish: Callable[[Path], None]
    """Writes the report beside the document of a folder, each time that document was written."""
    place: Place = ANYWHERE
    """Where in a cluster; of no account elsewhere."""
    make_stack: Callable[[StackName, Place], Stack] = make_stack
    fingerprint: Callable[[StackName], FingerprintRecord] = fingerprint_of
    """Of this machine, and of what the stack takes besides; MachineError where that is not to be had."""
    tools: Tools = field(default_factory=lambda: Tools(others=others_measuring))

    def stack(self, name: StackName) -> Stack:
        """The stack of that name, in its place; InputError where it has none."""
        return self.make_stack(name, self.place)

"""What a scenario may need of a stack, and the refusal, before any load, of what the stack cannot do."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.errors import InputError
from harness.scenario.model import Scenario


class Capability(enum.StrEnum):
    """Something that not every stack can do."""

    REPLICAS = "replicas"
    RESTART = "restart"
    IMAGES = "images"
    VERSIONS = "versions"
    TMPFS = "tmpfs"


PROCESS = frozenset({Capability.VERSIONS})
COMPOSE = KUBERNETES = frozenset(Capability)
STACKS: Mapping[str, frozenset[Capability]] = {
    "process": PROCESS,
    "compose": COMPOSE,
    "kubernetes": KUBERNETES,
}
"""What each stack can do, by its name in `--stack`; a new stack has an entry here."""


@dataclass(frozen=True)
class Need:
    """Something in a scenario that takes a capability."""

    field: str
    capability: Capability
    wanted: Callable[[Scenario], bool]
    why: str


NEEDS = (
    Need(
        "server.replicas",
        Capability.REPLICAS,
        lambda scenario: max(scenario.server.replicas) > 1,
        "several code servers behind one name",
    ),
    Need(
        "server.restart",
        Capability.RESTART,
        lambda scenario: scenario.server.restart,
        "a code server that is lost together with its runs, and started again",
    ),
    Need(
        "location.image",
        Capability.IMAGES,
        lambda scenario: scenario.location is not None and scenario.location.image is not None,
        "a container image",
    ),
    Need(
        "server.tmp",
        Capability.TMPFS,
        lambda scenario: scenario.server.tmp == "memory",
        "a /tmp of its own, in memory",
    ),
    Need(
        "dagster.versions",
        Capability.VERSIONS,
        lambda scenario: len(scenario.dagster.versions) > 1,
        "several Dagster versions, one after another",
    ),
)


def refuse(scenario: Scenario, stack: str, able: frozenset[Capability]) -> None:
    """Refuse a scenario that needs what a stack cannot do.

    Args:
        stack: its name, for the message.
        able: what it can do.

    Raises:
        InputError: the first such need, the missing capability, and the stacks that have it.
    """
    for need in NEEDS:
        if need.wanted(scenario) and need.capability not in able:
            having = [f"--stack {name}" for name, can in STACKS.items() if need.capability in can]
            fix = f"; it needs {' or '.join(having)}" if having else ""
            raise InputError(
                f"{need.field}: {need.why} takes the capability {need.capability.value!r}, which the stack "
                f"{stack} has not{fix}"
            )

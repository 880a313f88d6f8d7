"""The stacks by their names; what a stack is made of is imported only when it is used."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from harness.errors import InputError
from harness.stack.place import ANYWHERE, Place

if TYPE_CHECKING:
    from harness.stack.base import Stack


class StackName(enum.StrEnum):
    """What a code server is made of."""

    process = "process"
    compose = "compose"
    kubernetes = "kubernetes"


def make_stack(name: StackName, place: Place = ANYWHERE) -> Stack:
    """The stack of that name, where `place` says in a cluster.

    Raises:
        InputError: a node is named for a stack that has none.
    """
    if place.node and name is not StackName.kubernetes:
        raise InputError(
            f"--node {place.node}: --stack {name} has no nodes; leave it out, or add --stack kubernetes"
        )
    if name is StackName.compose:
        from harness.stack.compose import ComposeStack

        return ComposeStack()
    if name is StackName.kubernetes:
        from harness.stack.kubernetes import KubernetesStack

        return KubernetesStack(place)
    from harness.stack.process import ProcessStack

    return ProcessStack()

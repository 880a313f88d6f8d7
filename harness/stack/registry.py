"""The stacks by their names; what a stack is made of is imported only when it is used."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.stack.base import Stack


class StackName(enum.StrEnum):
    """What a code server is made of."""

    process = "process"
    compose = "compose"
    kubernetes = "kubernetes"


def make_stack(name: StackName) -> Stack:
    """The stack of that name."""
    if name is StackName.compose:
        from harness.stack.compose import ComposeStack

        return ComposeStack()
    if name is StackName.kubernetes:
        from harness.stack.kubernetes import KubernetesStack

        return KubernetesStack()
    from harness.stack.process import ProcessStack

    return ProcessStack()

"""On which nodes of a cluster `matrix` measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from harness.cli.options import KeepOffOption, NodeOption, check_parallel
from harness.errors import InputError
from harness.stack.registry import StackName

_PANEL = "Nodes of a cluster (--stack kubernetes)"


@dataclass(frozen=True)
class NodesOptions:
    """Nodes, and what is measured there."""

    parallel: Annotated[
        int,
        typer.Option(
            min=1,
            help="Measure rounds on so many nodes at once. A round stays whole on one node; that of a node "
            "that is lost is measured again on another.",
            rich_help_panel=_PANEL,
        ),
    ] = 1
    node: NodeOption = ""
    only_round: Annotated[
        int | None,
        typer.Option(
            "--round",
            min=1,
            help="Measure this round only, as --parallel does on each node.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None
    keep_off: KeepOffOption = ""


def check_nodes(nodes: NodesOptions, stack: StackName, rounds: int) -> None:
    """Refuse, with the fix, what does not go together.

    Raises:
        InputError: the option, and what to do.
    """
    check_parallel(nodes.parallel, stack, nodes.node)
    if nodes.parallel > 1 and nodes.only_round is not None:
        raise InputError("--parallel: shares the rounds out by itself; leave --round out")
    if nodes.only_round is not None and nodes.only_round > rounds:
        raise InputError(f"--round {nodes.only_round}: there are {rounds} rounds; give one of them")

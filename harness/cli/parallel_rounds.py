"""Rounds of a matrix on several nodes: each a `dagster-sizing matrix --round` of its own, as a child."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from rich.console import Console

from harness.campaign.matrix import finish_matrix, node_of_round, numbers_of
from harness.campaign.parallel import measure_in_parallel
from harness.cli.children import Children
from harness.errors import Interrupted
from harness.interrupts import all_as_ctrl_c
from harness.results.matrix_document import MatrixDocument
from harness.scenario.model import Scenario
from harness.stack.cluster_nodes import free_nodes
from harness.stack.registry import StackName


def one_node(scenario: Scenario, stack: StackName, document: MatrixDocument, folder: Path) -> str:
    """A node for all rounds, one on which some were begun if it is there; empty outside of clusters."""
    if stack is not StackName.kubernetes:
        return ""
    begun = [node_of_round(folder, document, number) for number in numbers_of(document)]
    nodes = free_nodes(scenario.server.pod)
    return next((node for node in begun if node and node in nodes), nodes[0])


def measure_on_nodes(
    scenario: Scenario,
    arguments: list[str],
    document: MatrixDocument,
    folder: Path,
    parallel: int,
    console: Console,
) -> None:
    """Measure a matrix on several nodes of a cluster.

    Args:
        scenario: of the matrix.
        arguments: of `dagster-sizing matrix` to go on with it, without those that name a round or a node.
        document: of the matrix.
        folder: of the matrix.
        parallel: how many nodes.
        console: to print on.

    Raises:
        InputError: there are not so many.
        Interrupted: Ctrl-C, SIGTERM or SIGHUP.
        ExperimentError: a round broke off, or no node is left.
    """
    found = {number: node_of_round(folder, document, number) for number in numbers_of(document)}
    left = {number: node for number, node in found.items() if node is not None}
    # Those that have begun rounds first, so that nothing is measured twice.
    free = free_nodes(scenario.server.pod, parallel)
    nodes = sorted(free, key=lambda one: (one not in left.values(), one))[:parallel]
    children = Children(nodes, console)
    children.show("matrix", f"{len(left)} rounds of {len(document.versions)} versions on {', '.join(nodes)}")

    def measured(number: int, node: str) -> str:
        failure = children.measured(["matrix", *arguments, "--round", str(number)], node)
        return failure and f"round {number} on {node}: {failure}"

    try:
        with closing(children), all_as_ctrl_c():
            measure_in_parallel(
                *(left, nodes, measured, children.is_lost),
                note=lambda text: children.show("matrix", text),
                name_of=lambda number: f"round {number}",
            )
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    finish_matrix(folder, document)

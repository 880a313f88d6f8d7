"""Rounds of a matrix on several nodes: each a `dagster-sizing matrix --round` of its own, as a child."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from harness.campaign.matrix import finish_matrix, node_of_round, numbers_of
from harness.campaign.parallel import measure_in_parallel
from harness.errors import Interrupted, InvalidResultError
from harness.interrupts import all_as_ctrl_c
from harness.results.matrix_document import MatrixDocument
from harness.scenario.model import Scenario
from harness.stack.cluster_nodes import free_nodes, is_lost
from harness.stack.guarded import Guarded
from harness.stack.registry import StackName

_END_SECONDS = 240.0
"""What was begun in a cluster is gone after so long, even where a node does not answer."""
_LOST_SECONDS = 90.0
"""A cluster waits for 40 s before it calls a node that went silent not ready."""
_POLL_SECONDS = 3.0


class ParallelRounds:
    """Starts them, and shows what they print with the name of the node before it."""

    def __init__(self, arguments: Sequence[str], nodes: Sequence[str], console: Console) -> None:
        """Start nothing yet.

        Args:
            arguments: of `dagster-sizing matrix`, without those that name a round or a node.
            nodes: that are measured on at the same time.
            console: to print on.
        """
        self._command = [sys.executable, "-m", "harness", "matrix", *arguments, "--keep-off", ",".join(nodes)]
        self._console, self._lock = console, threading.Lock()
        self._children: set[Guarded] = set()
        self._closing = threading.Event()

    def measured(self, number: int, node: str) -> str:
        """Measure one; returns why it broke off, or empty text."""
        child = Guarded([*self._command, "--round", str(number), "--node", node])
        self._children.add(child)
        try:
            assert child.process.stdout is not None
            for line in child.process.stdout:
                self.show(node, line.rstrip())
            code, complaint = child.process.wait(), child.complaint
        except ValueError:  # closed meanwhile
            return "interrupted"
        if code in (0, InvalidResultError.exit_code):
            return ""
        lines = [one for one in complaint.splitlines() if one.strip()] or [f"exit code {code}"]
        self.show(node, lines[-1])
        return f"round {number} on {node}: {lines[-1].removeprefix('error: ')}"

    def is_lost(self, node: str) -> bool:
        """Whether a node is gone, after something broke off on it; takes a while to say that it is not."""
        waited = 0.0
        while not is_lost(node):
            if waited >= _LOST_SECONDS or self._closing.wait(_POLL_SECONDS):
                return False
            waited += _POLL_SECONDS
        return True

    def show(self, node: str, text: str) -> None:
        """A line about a node."""
        with self._lock:
            self._console.print(f"{node}: {text}", markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """End those that still run, each as by Ctrl-C, and wait until what they started is gone."""
        self._closing.set()
        for child in self._children:
            child.end()
        for child in self._children:
            child.close(_END_SECONDS)


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
    rounds = ParallelRounds(arguments, nodes, console)
    rounds.show("matrix", f"{len(left)} rounds of {len(document.versions)} versions on {', '.join(nodes)}")
    try:
        with all_as_ctrl_c():
            measure_in_parallel(
                left, nodes, rounds.measured, rounds.is_lost, lambda text: rounds.show("matrix", text)
            )
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    finally:
        rounds.close()
    finish_matrix(folder, document)

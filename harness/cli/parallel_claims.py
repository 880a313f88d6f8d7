"""Claims on several nodes of a cluster: each experiment a `dagster-sizing bench` of its own, as a child."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

from rich.console import Console

from harness.campaign.claims import (
    begin_claims,
    finish_claims,
    judge_claims,
    judge_measured,
    scenario_file,
    testable,
)
from harness.campaign.claims_blocks import Block, blocks_of
from harness.campaign.kept import set_aside_if_elsewhere
from harness.campaign.parallel import measure_in_parallel
from harness.claims.base import Claim
from harness.cli.children import Children
from harness.cli.terminal import means_of
from harness.errors import Interrupted
from harness.interrupts import all_as_ctrl_c
from harness.results.claims_document import ClaimsDocument
from harness.results.folder import ResultFolder
from harness.scenario.server import PodSection
from harness.stack.cluster_nodes import free_nodes
from harness.stack.registry import StackName


class _Claims:
    """What threads share of claims that are measured on several nodes."""

    def __init__(
        self,
        chosen: tuple[Claim, ...],
        folder: Path,
        document: ClaimsDocument,
        children: Children,
        console: Console,
    ) -> None:
        self._chosen, self._folder, self._children = chosen, folder, children
        self._means = means_of(console)
        self._lock = threading.Lock()
        self.document = document
        self.broken: list[str] = []

    def measured(self, block: Block, node: str) -> str:
        """Measure a block on a node; returns why it has to be measured again elsewhere, or empty text."""
        set_aside_if_elsewhere(
            block.paths(self._folder), node, block.name, lambda text: self._children.show(node, text)
        )
        for name in block.experiments:
            path = self._folder / name
            result = ResultFolder(path)
            if result.exists and result.read_document().whole:
                continue
            self._children.show(node, f"{name} (for {', '.join(block.claims)})")
            arguments = ["bench", str(scenario_file(name)), "--out", str(path), "--stack", "kubernetes"]
            failure = self._children.measured([*arguments, *(("--resume",) if result.exists else ())], node)
            if failure and self._children.is_lost(node):
                return failure
            if failure:
                self.broken.append(name)
        with self._lock:
            self.document = judge_measured(
                self._chosen, block.claims, self._folder, self.document, self._means
            )
        return ""

    def stop(self) -> None:
        """Decide what can be, of what is there."""
        judge_claims(self._chosen, self._folder, self.document, self._means.publish)

    def finish(self) -> ClaimsDocument:
        """Decide all of them."""
        return finish_claims(self._chosen, self._folder, self.document, self._means)


def measure_claims_on_nodes(
    chosen: tuple[Claim, ...], folder: Path, resume: bool, parallel: int, console: Console
) -> tuple[ClaimsDocument, list[str]]:
    """As `measure_claims`, on several nodes of a cluster.

    Raises:
        InputError: there are not so many.
        ResultError: the folder holds claims already.
        Interrupted: Ctrl-C, SIGTERM or SIGHUP; what was measured is kept, and decided where it suffices.
        ExperimentError: no node is left.
    """
    nodes = free_nodes(PodSection(), parallel)[:parallel]
    document = begin_claims(folder, StackName.kubernetes, resume, means_of(console))
    blocks = blocks_of(testable(chosen, document))
    found = {number: block.begun_on(folder) for number, block in enumerate(blocks)}
    left = {number: node for number, node in found.items() if node is not None}
    children = Children(nodes, console)
    children.show("claims", f"{len(left)} blocks of experiments on {', '.join(nodes)}")
    claims = _Claims(chosen, folder, document, children, console)
    try:
        with closing(children), all_as_ctrl_c():
            measure_in_parallel(
                *(left, nodes, lambda number, node: claims.measured(blocks[number], node), children.is_lost),
                note=lambda text: children.show("claims", text),
                name_of=lambda number: blocks[number].name,
            )
    except KeyboardInterrupt:
        claims.stop()
        raise Interrupted(
            f"interrupted; what was measured is in {folder}; go on with: dagster-sizing claims --stack "
            f"kubernetes --parallel {parallel} --resume --out {folder}"
        ) from None
    return claims.finish(), claims.broken

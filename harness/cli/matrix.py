"""`dagster-sizing matrix`: measure several Dagster versions in turns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness.campaign.matrix import (
    begin_matrix,
    check_rounds,
    measure_matrix,
    measure_round,
    more_decided,
    numbers_of,
    of_round,
    versions_of,
)
from harness.cli.folders import new_folder
from harness.cli.nodes_options import NodesOptions, check_nodes
from harness.cli.option_groups import with_groups
from harness.cli.parallel_rounds import measure_on_nodes, one_node
from harness.cli.progress import make_console
from harness.cli.terminal import means_of
from harness.errors import ExperimentError, InputError, Interrupted, InvalidResultError, ResultError
from harness.results.matrix_document import MatrixDocument
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.stack.registry import StackName


@with_groups
def matrix(
    scenario_file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).")],
    versions: Annotated[
        str,
        typer.Option(
            help="Dagster versions with commas between them, baseline first. Default: the scenario's own.",
            show_default=False,
        ),
    ] = "",
    rounds: Annotated[
        int,
        typer.Option(
            min=1,
            help="Each round measures every version, one after another, with its share of load.repeats, one "
            "burst of each level at least.",
        ),
    ] = 5,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a field of the scenario, as for bench."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder. Default: results/matrix-NAME-TIME.", show_default=False)
    ] = None,
    stack: Annotated[StackName, typer.Option(help="As for bench.")] = StackName.process,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with a matrix that was cut short, and try inconclusive rounds again; give its --out.",
        ),
    ] = False,
    until_decided: Annotated[
        bool,
        typer.Option(
            "--until-decided",
            help="Then add rounds that would decide what `compare` leaves open, and measure them, until "
            "there is nothing that more would decide.",
        ),
    ] = False,
    most_rounds: Annotated[
        int, typer.Option(min=1, help="With --until-decided: rounds in all, at most.")
    ] = 20,
    *,
    nodes: NodesOptions,
) -> None:
    """Measure several Dagster versions in interleaved rounds (A B A B), for `dagster-sizing compare`.

    One machine, one scenario, one environment per version with its dependencies held to the release date; in
    turns, so that a machine that gets slower in the meantime does so for all versions alike. Every round of
    every version is an ordinary result in the folder.

    In a cluster, `--stack kubernetes --parallel 4` measures on four nodes at once, each round on one.
    """
    check_nodes(nodes, stack, rounds)
    if until_decided and nodes.only_round is not None:
        raise InputError("--until-decided: looks at all rounds; leave --round out")
    scenario = load_scenario(scenario_file, overrides or ()).scenario
    chosen = versions_of(scenario, versions)
    folder = _folder(scenario, out, resume)
    document = begin_matrix(folder, scenario, chosen, rounds, stack, resume)
    again = [str(scenario_file), "--versions", ",".join(chosen), "--rounds", str(rounds)]
    again += [part for one in overrides or () for part in ("--set", one)]
    again += ["--stack", stack.value, "--resume", "--out", str(folder)]
    matrix = _Matrix(scenario, folder, stack, nodes, again, make_console())
    try:
        matrix.measure(document)
        if until_decided:
            matrix.add_rounds(document, most_rounds)
    except Interrupted:
        raise Interrupted(_go_on("interrupted", scenario_file, folder)) from None
    except ExperimentError as error:
        raise ExperimentError(_go_on(str(error), scenario_file, folder)) from None
    except InvalidResultError:
        matrix.tell_of_end()
        raise
    matrix.tell_of_end()


@dataclass(frozen=True)
class _Matrix:
    """What is measured again and again."""

    scenario: Scenario
    folder: Path
    stack: StackName
    nodes: NodesOptions
    again: list[str]
    """Arguments that go on with it."""
    console: Console

    def measure(self, document: MatrixDocument) -> None:
        """Measure what is not there, of one round or of all; InvalidResultError where one is not valid."""
        if self.nodes.parallel > 1:
            measure_on_nodes(
                self.scenario, self.again, document, self.folder, self.nodes.parallel, self.console
            )
            check_rounds(self.folder, document)
            return
        node = self.nodes.node or one_node(self.scenario, self.stack, document, self.folder)
        means = means_of(self.console, node, self.nodes.keep_off)
        if (only := self.nodes.only_round) is None:
            measure_matrix(self.scenario, document, self.folder, self.stack, means)
        else:
            measure_round(self.scenario, document, only, self.folder, self.stack, means)
            document = document.model_copy(update={"rounds": of_round(document, only)})
        check_rounds(self.folder, document)

    def add_rounds(self, document: MatrixDocument, most: int) -> None:
        """Measure more rounds as long as they would decide more, and say what is open then."""
        while True:
            longer, still_open = more_decided(self.folder, document, most)
            if longer is document:
                break
            document = longer
            self.say(f"\n{still_open} still open; {len(numbers_of(document))} rounds would decide more")
            self.measure(document)
        self.say(
            f"\n{still_open} still open; if ratios stay as they are, {most} rounds in all "
            "(--most-rounds) would decide none of them"
            if still_open
            else "\nevery comparison is decided"
        )

    def tell_of_end(self) -> None:
        """That it is measured, and what comes next."""
        if self.nodes.only_round is None:
            self.say(f"\nmatrix: {self.folder}   next: dagster-sizing compare {self.folder}")
        else:
            self.say(f"round {self.nodes.only_round} is measured")

    def say(self, text: str) -> None:
        """A line."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _folder(scenario: Scenario, out: Path | None, resume: bool) -> Path:
    if out is not None:
        return out
    if resume:
        raise ResultError("--resume: name the folder of the matrix with --out")
    return new_folder(f"matrix-{scenario.name}")


def _go_on(why: str, scenario_file: Path, folder: Path) -> str:
    return (
        f"{why}; what was measured is in {folder}; go on with the same options and: dagster-sizing matrix "
        f"{scenario_file} --resume --out {folder}"
    )

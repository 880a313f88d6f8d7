"""`dagster-sizing matrix`: measure several Dagster versions in turns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.campaign.matrix import (
    begin_matrix,
    check_rounds,
    measure_matrix,
    measure_round,
    of_round,
    versions_of,
)
from harness.campaign.means import Means
from harness.cli.folders import new_folder
from harness.cli.nodes_options import NodesOptions, check_nodes
from harness.cli.option_groups import with_groups
from harness.cli.parallel_rounds import measure_on_nodes, one_node
from harness.cli.progress import make_console
from harness.cli.terminal import means_of
from harness.errors import ExperimentError, Interrupted, ResultError
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
    scenario = load_scenario(scenario_file, overrides or ()).scenario
    chosen = versions_of(scenario, versions)
    folder = _folder(scenario, out, resume)
    document = begin_matrix(folder, scenario, chosen, rounds, stack, resume)
    console = make_console()
    try:
        if nodes.parallel > 1:
            arguments = [str(scenario_file), "--versions", ",".join(chosen), "--rounds", str(rounds)]
            arguments += [part for one in overrides or () for part in ("--set", one)]
            arguments += ["--stack", stack.value, "--resume", "--out", str(folder)]
            measure_on_nodes(scenario, arguments, document, folder, nodes.parallel, console)
        else:
            node = nodes.node or one_node(scenario, stack, document, folder)
            means = means_of(console, node, [one for one in nodes.keep_off.split(",") if one])
            document = _measured_here(scenario, document, folder, stack, means, nodes.only_round)
    except Interrupted:
        raise Interrupted(_go_on("interrupted", scenario_file, folder)) from None
    except ExperimentError as error:
        raise ExperimentError(_go_on(str(error), scenario_file, folder)) from None
    if nodes.only_round is None:
        told = f"\nmatrix: {folder}   next: dagster-sizing compare {folder}"
    else:
        told = f"round {nodes.only_round} is measured"
    console.print(told, markup=False, highlight=False, soft_wrap=True)
    check_rounds(folder, document)


def _measured_here(
    scenario: Scenario,
    document: MatrixDocument,
    folder: Path,
    stack: StackName,
    means: Means,
    only: int | None,
) -> MatrixDocument:
    """What of the matrix was to be measured."""
    if only is None:
        measure_matrix(scenario, document, folder, stack, means)
        return document
    measure_round(scenario, document, only, folder, stack, means)
    return document.model_copy(update={"rounds": of_round(document, only)})


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

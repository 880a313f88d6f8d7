"""`dagster-sizing matrix`: measure several Dagster versions in turns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness.campaign.matrix import (
    begin_matrix,
    check_rounds,
    finish_matrix,
    measure_matrix,
    measure_round,
    node_of_round,
    numbers_of,
    of_round,
    versions_of,
)
from harness.campaign.parallel import measure_in_parallel
from harness.cli.folders import new_folder
from harness.cli.options import NodeOption
from harness.cli.parallel_rounds import ParallelRounds
from harness.cli.progress import make_console
from harness.cli.terminal import means_of
from harness.errors import ExperimentError, InputError, Interrupted, ResultError
from harness.interrupts import all_as_ctrl_c
from harness.results.matrix_document import MatrixDocument
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.stack.cluster_nodes import free_nodes
from harness.stack.registry import StackName


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
    parallel: Annotated[
        int,
        typer.Option(
            min=1,
            help="With --stack kubernetes: measure rounds on so many nodes at once. A round stays whole on "
            "one node; that of a node that is lost is measured again on another.",
        ),
    ] = 1,
    node: NodeOption = "",
    only: Annotated[
        int | None,
        typer.Option(
            "--round",
            min=1,
            help="Measure this round only, as --parallel does on each node.",
            show_default=False,
        ),
    ] = None,
    keep_off: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="With --node: nodes, with commas between them, that others measure on meanwhile; webserver, "
            "daemon and Postgres go elsewhere if they can.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Measure several Dagster versions in interleaved rounds (A B A B), for `dagster-sizing compare`.

    One machine, one scenario, one environment per version with its dependencies held to the release date; in
    turns, so that a machine that gets slower in the meantime does so for all versions alike. Every round of
    every version is an ordinary result in the folder.

    In a cluster, `--stack kubernetes --parallel 4` measures on four nodes at once, each round on one.
    """
    _check_places(stack, parallel, node, only, rounds)
    scenario = load_scenario(scenario_file, overrides or ()).scenario
    chosen = versions_of(scenario, versions)
    folder = _folder(scenario, out, resume)
    document = begin_matrix(folder, scenario, chosen, rounds, stack, resume)
    console = make_console()
    try:
        if parallel > 1:
            arguments = [str(scenario_file), "--versions", ",".join(chosen), "--rounds", str(rounds)]
            arguments += [part for one in overrides or () for part in ("--set", one)]
            arguments += ["--stack", stack.value, "--resume", "--out", str(folder)]
            _measure_in_parallel(arguments, document, folder, parallel, console)
        else:
            chosen_node = node or _one_node(stack, document, folder)
            means = means_of(console, chosen_node, [one for one in keep_off.split(",") if one])
            if only is not None:
                measure_round(scenario, document, only, folder, stack, means)
                document = document.model_copy(update={"rounds": of_round(document, only)})
            else:
                measure_matrix(scenario, document, folder, stack, means)
    except Interrupted:
        raise Interrupted(_go_on("interrupted", scenario_file, folder)) from None
    except ExperimentError as error:
        raise ExperimentError(_go_on(str(error), scenario_file, folder)) from None
    following = f"dagster-sizing compare {folder}" if only is None else "the other rounds; then all, --resume"
    told = f"\nmatrix: {folder}   next: {following}"
    console.print(told, markup=False, highlight=False, soft_wrap=True)
    check_rounds(folder, document)


def _check_places(stack: StackName, parallel: int, node: str, only: int | None, rounds: int) -> None:
    if parallel > 1 and stack is not StackName.kubernetes:
        raise InputError(
            f"--parallel {parallel}: on one machine two experiments disturb each other; leave it out, or add "
            "--stack kubernetes"
        )
    if parallel > 1 and (node or only is not None):
        raise InputError("--parallel: shares the rounds out by itself; leave --node and --round out")
    if only is not None and only > rounds:
        raise InputError(f"--round {only}: there are {rounds} rounds; one of them is expected")


def _one_node(stack: StackName, document: MatrixDocument, folder: Path) -> str:
    """A node for all rounds, one on which some were begun if it is there; empty outside of clusters."""
    if stack is not StackName.kubernetes:
        return ""
    begun = [node_of_round(folder, document, number) for number in numbers_of(document)]
    nodes = free_nodes()
    return next((node for node in begun if node and node in nodes), nodes[0])


def _measure_in_parallel(
    arguments: list[str], document: MatrixDocument, folder: Path, parallel: int, console: Console
) -> None:
    found = {number: node_of_round(folder, document, number) for number in numbers_of(document)}
    left = {number: node for number, node in found.items() if node is not None}
    nodes = free_nodes(parallel)
    # Those that have begun rounds first, of which then nothing is measured twice.
    chosen = sorted(nodes, key=lambda one: (one not in left.values(), one))[:parallel]
    rounds = ParallelRounds(arguments, chosen, console)
    told = f"{len(left)} rounds of {len(document.versions)} versions on {', '.join(chosen)}"
    console.print(told, markup=False, highlight=False, soft_wrap=True)
    try:
        with all_as_ctrl_c():
            measure_in_parallel(
                left, chosen, rounds.measured, rounds.is_lost, lambda text: rounds.show("matrix", text)
            )
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    finally:
        rounds.close()
    finish_matrix(folder, document)


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

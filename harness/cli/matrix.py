"""`dagster-sizing matrix`: measure several Dagster versions in turns."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import harness
from harness.cli.measure import StackName, measure_rest, new_folder, sha256_of
from harness.cli.progress import make_console
from harness.errors import ExperimentError, InputError, Interrupted, InvalidResultError, ResultError
from harness.results.folder import ResultFolder
from harness.results.matrix_document import MatrixDocument, RoundRecord, is_matrix, read_matrix, write_matrix
from harness.results.timestamp import timestamp
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario


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
) -> None:
    """Measure several Dagster versions in interleaved rounds (A B A B), for `dagster-sizing compare`.

    One machine, one scenario, one environment per version with its dependencies held to the release date; in
    turns, so that a machine that gets slower in the meantime does so for all versions alike. Every round of
    every version is an ordinary result in the folder.
    """
    scenario = load_scenario(scenario_file, overrides or ()).scenario
    chosen = _versions(scenario, versions)
    folder = _folder(scenario, out, resume)
    document = _begin(folder, scenario, chosen, rounds, stack, resume)
    console = make_console()
    try:
        for done, one in enumerate(document.rounds):
            heading = f"round {one.number} of {rounds}, Dagster {one.dagster_version} ({done} of "
            console.print(
                f"\n{heading}{len(document.rounds)} done)", style="bold", markup=False, highlight=False
            )
            _set_aside_if_inconclusive(folder / one.folder, console)
            measure_rest(_of_round(scenario, one, rounds), stack, folder / one.folder, console)
    except Interrupted:
        raise Interrupted(_go_on("interrupted", scenario_file, folder)) from None
    except ExperimentError as error:
        raise ExperimentError(_go_on(str(error), scenario_file, folder)) from None
    write_matrix(folder, document.model_copy(update={"finished_at": timestamp()}))
    console.print(
        f"\nmatrix: {folder}   next: dagster-sizing compare {folder}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    _check(folder, document)


def _versions(scenario: Scenario, told: str) -> tuple[str, ...]:
    versions = [one.strip() for one in told.split(",")] if told else list(scenario.dagster.versions)
    if "" in versions or len(set(versions)) != len(versions):
        raise InputError(f"--versions {told}: each version once is expected, such as 1.11.16,1.13.27")
    if len(versions) < 2:
        raise InputError("--versions: at least two are expected, such as 1.11.16,1.13.27")
    return tuple(Scenario.model_validate(_with_versions(scenario, versions)).dagster.versions)


def _with_versions(scenario: Scenario, versions: list[str]) -> dict[str, Any]:
    dumped = scenario.model_dump(mode="json")
    return dumped | {"dagster": dumped["dagster"] | {"versions": versions}}


def _of_round(scenario: Scenario, one: RoundRecord, rounds: int) -> Scenario:
    """The scenario of one version in one round: its share of the repeats, in an order of its own."""
    dumped = _with_versions(scenario, [one.dagster_version])
    load = dumped["load"] | {"repeats": math.ceil(scenario.load.repeats / rounds)}
    return Scenario.model_validate(dumped | {"load": load, "seed": scenario.seed + one.number})


def _folder(scenario: Scenario, out: Path | None, resume: bool) -> Path:
    if out is not None:
        return out
    if resume:
        raise ResultError("--resume: name the folder of the matrix with --out")
    return new_folder(f"matrix-{scenario.name}")


def _begin(
    folder: Path, scenario: Scenario, versions: tuple[str, ...], rounds: int, stack: StackName, resume: bool
) -> MatrixDocument:
    document = MatrixDocument(
        harness_version=harness.__version__,
        created_at=timestamp(),
        scenario_sha256=sha256_of(Scenario.model_validate(_with_versions(scenario, list(versions)))),
        stack=stack.value,
        versions=versions,
        rounds=tuple(
            RoundRecord(number=number, dagster_version=version, folder=f"round-{number}-{version}")
            for number in range(1, rounds + 1)
            for version in versions
        ),
    )
    if not is_matrix(folder):
        if resume:
            raise ResultError(f"{folder}: no matrix to go on with; leave --resume out")
        if ResultFolder(folder).exists:
            raise ResultError(f"{folder}: holds a result; choose another --out")
        write_matrix(folder, document)
        return document
    if not resume:
        raise ResultError(f"{folder}: holds a matrix already; choose another --out, or add --resume")
    before = read_matrix(folder)
    for name in ("scenario_sha256", "stack", "versions", "rounds"):
        if getattr(before, name) != getattr(document, name):
            raise ResultError(
                f"{folder}: {name}: the matrix there is of another one; give the same scenario and options"
            )
    return before


def _set_aside_if_inconclusive(path: Path, console: Console) -> None:
    """What was measured to the end on a disturbed machine gives its place to another try, and is kept."""
    folder = ResultFolder(path)
    if not folder.exists:
        return
    document = folder.read_document()
    if document.validity.state != "inconclusive" or any(cell.state != "finished" for cell in document.cells):
        return
    places = (path.with_name(f"{path.name}-set-aside-{number}") for number in itertools.count(1))
    aside = next(place for place in places if not place.exists())
    path.rename(aside)
    console.print(f"  was inconclusive: kept as {aside.name}, and measured again", style="dim", markup=False)


def _go_on(why: str, scenario_file: Path, folder: Path) -> str:
    return (
        f"{why}; what was measured is in {folder}; go on with the same options and: dagster-sizing matrix "
        f"{scenario_file} --resume --out {folder}"
    )


def _check(folder: Path, document: MatrixDocument) -> None:
    states = {
        one.folder: ResultFolder(folder / one.folder).read_document().validity for one in document.rounds
    }
    bad = {name: validity for name, validity in states.items() if validity.state != "valid"}
    if bad:
        name, validity = next(iter(bad.items()))
        reason = next(one.message for one in validity.reasons if one.severity != "note")
        raise InvalidResultError(
            f"{len(bad)} of {len(states)} rounds are not valid; {name} is {validity.state}: {reason}; "
            "inconclusive rounds are measured again by the same command with --resume"
        )

"""`dagster-sizing bench`: run a scenario, fit its constants, print and write the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.campaign.bench import measure
from harness.cli.course import courses_of
from harness.cli.folders import new_folder
from harness.cli.pages import page_or_warning
from harness.cli.progress import make_console
from harness.cli.terminal import means_of
from harness.errors import ExperimentError, Interrupted, InvalidResultError, ResultError
from harness.report.terminal import print_result
from harness.results.folder import ResultFolder
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.stack.registry import StackName


def bench(
    scenario_file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).")],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a field of the scenario, such as `load.repeats=2` or `workloads.0.ballast=64MiB`. "
            "May be given several times.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Result folder. Default: results/NAME-TIME.", show_default=False)
    ] = None,
    stack: Annotated[
        StackName,
        typer.Option(
            help="`process`: plain processes in a cgroup, no Docker needed. `compose`: containers, with "
            "Postgres, and with replicas and images if the scenario names them."
        ),
    ] = StackName.process,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with a result that was cut short; finished cells are not measured again."
        ),
    ] = False,
) -> None:
    """Measure a code server: bring it up, fire bursts of runs, record their cost, fit the constants.

    The scenario file says what to measure; `dagster-sizing scenario schema` lists every field. The result
    folder holds all raw data, and report.html, which opens in a browser; `dagster-sizing show FOLDER` prints
    it again. Meanwhile `dagster-sizing serve` shows in the browser what is going on.
    """
    scenario = load_scenario(scenario_file, overrides or ()).scenario
    folder = ResultFolder(_choose_folder(scenario, out, resume))
    console = make_console()
    try:
        measure(scenario, stack, folder.path, resume, means_of(console))
    except Interrupted:
        raise Interrupted(
            f"interrupted; what was measured is in {folder.path}; go on with: "
            f"dagster-sizing bench {scenario_file} --stack {stack.value} --resume --out {folder.path}"
        ) from None
    except ExperimentError as error:
        print_result(folder.read_document(), courses_of(folder), console)
        raise ExperimentError(f"{error}; what was measured is in {folder.path}") from None
    document = folder.read_document()
    print_result(document, courses_of(folder), console)
    page = page_or_warning(folder.path) or folder.path / "report.md"
    console.print(f"\nresult: {folder.path}   report: {page}", highlight=False, markup=False, soft_wrap=True)
    if document.validity.state != "valid":
        raise InvalidResultError(f"the result is {document.validity.state}; the reasons are above")


def _choose_folder(scenario: Scenario, out: Path | None, resume: bool) -> Path:
    if out is not None:
        return out
    if not resume:
        return new_folder(scenario.name)
    candidates = sorted(Path("results").glob(f"{scenario.name}-*/result.json"), reverse=True)
    for file in candidates:
        document = ResultFolder(file.parent).read_document()
        if any(cell.state != "finished" for cell in document.cells):
            return file.parent
    raise ResultError(
        f"results/{scenario.name}-*: nothing to resume; leave --resume out, or name it with --out"
    )

"""`dagster-sizing bench`: run a scenario, fit its constants, print and write the report."""

from __future__ import annotations

import datetime
import enum
import hashlib
import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

import harness
from harness.cli.progress import make_console, observe
from harness.errors import ExperimentError, Interrupted, InvalidResultError, ResultError
from harness.experiment.runner import Experiment
from harness.experiment.start import new_document
from harness.report.markdown import render_markdown
from harness.report.terminal import print_result
from harness.results.document import ResultDocument
from harness.results.fingerprint import machine_fingerprint
from harness.results.folder import ResultFolder
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.sizing.fitting import fit_result, with_levels
from harness.stack.base import Stack
from harness.stack.compose import ComposeStack
from harness.stack.engine import engine_fingerprint
from harness.stack.process import ProcessStack
from harness.stack.readiness import validate_job


class StackName(enum.StrEnum):
    """What a code server is made of."""

    process = "process"
    compose = "compose"


_STACKS: dict[StackName, Callable[[], Stack]] = {
    StackName.process: ProcessStack,
    StackName.compose: ComposeStack,
}


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
    folder holds all raw data; `dagster-sizing show FOLDER` prints it again.
    """
    scenario = load_scenario(scenario_file, overrides or ()).scenario
    fingerprint = machine_fingerprint()
    if stack is StackName.compose:
        fingerprint["engine"] = engine_fingerprint()
    folder = ResultFolder(_choose_folder(scenario, out, resume))
    folder.lock()
    console = make_console()
    try:
        _begin(folder, scenario, stack, fingerprint, resume)
        with _terminate_like_interrupt(), observe(console) as observer:
            Experiment(scenario, _STACKS[stack](), folder, observer, validate_job).run()
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted; what was measured is in {folder.path}; go on with: "
            f"dagster-sizing bench {scenario_file} --stack {stack.value} --resume --out {folder.path}"
        ) from None
    except ExperimentError as error:
        print_result(_conclude(folder), console)
        raise ExperimentError(f"{error}; what was measured is in {folder.path}") from None
    finally:
        folder.unlock()
    document = _conclude(folder)
    print_result(document, console)
    console.print(f"\nresult: {folder.path}   report: {folder.path / 'report.md'}", highlight=False)
    if document.validity.state != "valid":
        raise InvalidResultError(f"the result is {document.validity.state}; the reasons are above")


def _choose_folder(scenario: Scenario, out: Path | None, resume: bool) -> Path:
    if out is not None:
        return out
    if not resume:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
        return Path("results") / f"{scenario.name}-{now}"
    candidates = sorted(Path("results").glob(f"{scenario.name}-*/result.json"), reverse=True)
    for file in candidates:
        document = ResultFolder(file.parent).read_document()
        if any(cell.state != "finished" for cell in document.cells):
            return file.parent
    raise ResultError(
        f"results/{scenario.name}-*: nothing to resume; leave --resume out, or name it with --out"
    )


def _begin(
    folder: ResultFolder, scenario: Scenario, stack: StackName, fingerprint: dict[str, Any], resume: bool
) -> None:
    dumped = json.dumps(scenario.model_dump(mode="json"), sort_keys=True)
    sha256 = hashlib.sha256(dumped.encode()).hexdigest()
    if not resume:
        if folder.exists:
            raise ResultError(f"{folder.path}: holds a result already; choose another --out, or add --resume")
        document = new_document(
            scenario, stack.value, folder.path.name, sha256, fingerprint, harness.__version__
        )
        folder.write_document(document)
        return
    document = folder.read_document()
    if document.scenario_sha256 != sha256:
        raise ResultError(
            f"{folder.path}: was measured with another scenario; give the same file and --set options, or "
            "leave --resume out"
        )
    if document.stack != stack.value:
        raise ResultError(
            f"{folder.path}: was measured on the {document.stack} stack; add --stack {document.stack}"
        )


def _conclude(folder: ResultFolder) -> ResultDocument:
    document = folder.read_document()
    bursts = folder.table("bursts")
    replicas = folder.table("replicas")
    fit = fit_result if document.validity.state == "valid" else with_levels
    document = fit(document, bursts, replicas)
    folder.write_document(document)
    folder.write_text("report.md", render_markdown(document))
    return document


@contextmanager
def _terminate_like_interrupt() -> Iterator[None]:
    """SIGTERM, as CI systems send it, ends an experiment as cleanly as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

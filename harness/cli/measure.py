"""Measuring one scenario into one folder, as `bench` and `claims` both do it."""

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
from typing import Any

from rich.console import Console

import harness
from harness.cli.course import courses_of
from harness.cli.progress import observe
from harness.errors import ExperimentError, Interrupted, ResultError
from harness.experiment.runner import Experiment
from harness.experiment.start import new_document
from harness.report.markdown import render_markdown
from harness.results.fingerprint import machine_fingerprint
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.scenario.model import Scenario
from harness.sizing.fitting import fit_result, with_levels
from harness.stack.base import Stack
from harness.stack.compose import ComposeStack
from harness.stack.engine import engine_fingerprint
from harness.stack.process import ProcessStack


class StackName(enum.StrEnum):
    """What a code server is made of."""

    process = "process"
    compose = "compose"


_STACKS: dict[StackName, Callable[[], Stack]] = {
    StackName.process: ProcessStack,
    StackName.compose: ComposeStack,
}


def measure(scenario: Scenario, stack: StackName, path: Path, resume: bool, console: Console) -> None:
    """Run a scenario on a stack; the result folder is left concluded however it ends.

    Raises:
        ResultError: the folder holds another result.
        MachineError: the stack cannot be had on this machine.
        Interrupted: Ctrl-C or SIGTERM; go on with `resume`.
        ExperimentError: it broke off.
    """
    fingerprint = machine_fingerprint()
    if stack is StackName.compose:
        fingerprint["engine"] = engine_fingerprint()
    folder = ResultFolder(path)
    folder.lock()
    try:
        _begin(folder, scenario, stack, fingerprint, resume)
        with _terminate_like_interrupt(), observe(console) as observer:
            Experiment(scenario, _STACKS[stack](), folder, observer).run()
        conclude(folder)
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    except ExperimentError:
        conclude(folder)
        raise
    finally:
        folder.unlock()


def measure_rest(scenario: Scenario, stack: StackName, path: Path, console: Console) -> None:
    """Measure unless the folder holds it whole already; what was cut short is gone on with.

    Raises:
        ResultError, MachineError, Interrupted, ExperimentError: as `measure`.
    """
    folder = ResultFolder(path)
    if folder.exists:
        document = folder.read_document()
        same = document.scenario_sha256 == sha256_of(scenario)
        if same and all(cell.state == "finished" for cell in document.cells):
            console.print("  measured already", style="dim")
            return
    measure(scenario, stack, path, folder.exists, console)


def new_folder(name: str) -> Path:
    """`results/NAME-TIME`, for what is measured now."""
    return Path("results") / f"{name}-{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}"


def sha256_of(scenario: Scenario) -> str:
    """What tells two scenarios apart, as it is kept in results."""
    dumped = json.dumps(scenario.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(dumped.encode()).hexdigest()


def conclude(folder: ResultFolder) -> ResultDocument:
    """Fit what was measured, if it is valid, and write the report beside it."""
    document = folder.read_document()
    bursts = folder.table("bursts")
    replicas = folder.table("replicas")
    fit = fit_result if document.validity.state == "valid" else with_levels
    document = fit(document, bursts, replicas)
    folder.write_document(document)
    folder.write_text("report.md", render_markdown(document, courses_of(folder)))
    return document


def _begin(
    folder: ResultFolder, scenario: Scenario, stack: StackName, fingerprint: dict[str, Any], resume: bool
) -> None:
    sha256 = sha256_of(scenario)
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

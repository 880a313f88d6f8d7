"""Measuring one scenario into one folder: what `bench` does, and every other campaign again and again."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path

import harness
from harness.campaign.asked_width import AskedWidth
from harness.campaign.means import Means
from harness.campaign.refit import needed_tables, refitted, releveled
from harness.errors import ExperimentError, Interrupted, ResultError
from harness.experiment.runner import Experiment
from harness.experiment.start import new_document
from harness.experiment.stopwatch import Stopwatch
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.folder import ResultFolder
from harness.results.live_document import LIVE_FILE
from harness.results.stages import Spent, summed
from harness.scenario.model import Scenario
from harness.stack.capabilities import refuse
from harness.stack.ledger import Ledger
from harness.stack.registry import StackName


def measure(scenario: Scenario, stack: StackName, path: Path, resume: bool, means: Means) -> None:
    """Run a scenario on a stack; the result folder is left concluded however it ends.

    Raises:
        InputError: the scenario needs what the stack cannot do.
        ResultError: the folder holds another result.
        MachineError: the stack cannot be had on this machine.
        Interrupted: Ctrl-C, SIGTERM or SIGHUP; go on with `resume`.
        ExperimentError: it broke off.
    """
    made = means.stack(stack)
    refuse(scenario, made.name, made.capabilities)
    fingerprint = means.fingerprint(stack)
    folder = ResultFolder(path)
    folder.lock()
    try:
        _begin(folder, scenario, stack, fingerprint, resume)
        with closing(Ledger(made.spot)) as ledger, means.listener.experiment() as listener:
            ledger.add_file(path / LIVE_FILE)
            design = None if scenario.load.width is None else AskedWidth(scenario.load, scenario.seed)
            Experiment(scenario, made, folder, listener, means.tools, design).run()
        _conclude(folder, means)
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    except ExperimentError:
        _conclude(folder, means)
        raise
    finally:
        folder.unlock()


def measure_rest(scenario: Scenario, stack: StackName, path: Path, means: Means) -> None:
    """Measure unless the folder holds it whole already; what was cut short is gone on with.

    Raises:
        InputError, ResultError, MachineError, Interrupted, ExperimentError: as `measure`.
    """
    folder = ResultFolder(path)
    if folder.exists:
        document = folder.read_document()
        same = document.scenario_sha256 == sha256_of(scenario)
        if same and document.whole:
            means.listener.note("measured already")
            return
    measure(scenario, stack, path, folder.exists, means)


def sha256_of(scenario: Scenario) -> str:
    """What tells two scenarios apart, as it is kept in results."""
    dumped = json.dumps(scenario.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(dumped.encode()).hexdigest()


def _conclude(folder: ResultFolder, means: Means) -> None:
    """Fit what was measured, if it is valid, and have the report written beside it."""
    watch = Stopwatch(means.tools.clock, "fit")
    document = folder.read_document()
    recomputed = refitted if document.validity.state == "valid" else releveled
    fitted = recomputed(document, needed_tables(folder))
    folder.write_document(fitted.model_copy(update={"spent": fitted.spent | watch.spent()}))
    means.publish(folder.path)


def took(folder: ResultFolder, spent: Spent) -> None:
    """Have the result tell what time it took besides, by stage."""
    document = folder.read_document()
    folder.write_document(document.model_copy(update={"spent": summed([document.spent, spent])}))


def _begin(
    folder: ResultFolder, scenario: Scenario, stack: StackName, fingerprint: FingerprintRecord, resume: bool
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
    if changed := fingerprint.changed_since(document.fingerprint):
        raise ResultError(
            f"{folder.path}: what it was begun on is not what there is now ({'; '.join(changed)}); resume it "
            "there, or measure it whole into another --out"
        )

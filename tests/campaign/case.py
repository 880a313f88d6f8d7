"""One case of the campaign: an experiment, a fault at a random moment, and what is there afterwards."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ResultError
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from tests.campaign.clock import Clock
from tests.campaign.faults import Fault, Running
from tests.campaign.leftovers import harmed, left, look
from tests.campaign.place import NEVER_ENDED, Place

CONSTANT = "memory_per_run_bytes"
NOTHING_BEGUN = "none"
"""In place of a validity: no result was begun."""
AGREES_WITHIN = 0.05
"""Of the undisturbed value; the harness's own rounds of one version differ by 1 %."""


@dataclass(frozen=True)
class Case:
    """What to do; the same seed makes the same case."""

    stack: str
    number: int
    seed: str
    fault: Fault
    after_seconds: float


@dataclass(frozen=True)
class Seen:
    """What came of a case."""

    stack: str
    number: int
    seed: str
    fault: str
    after_seconds: float
    struck: bool
    """Whether the experiment was still there for the fault."""
    exit_code: int
    validity: str
    resumed: str
    """Validity after `--resume`; empty where nothing was left to measure."""
    value: float | None
    """Bytes per run in the end; None where there is no valid result."""
    measured_again: int
    """Bursts that were set aside and measured again."""
    wrong: tuple[str, ...]
    """What must not be; empty where all is well."""


def run_case(case: Case, folder: Path, undisturbed: float) -> Seen:
    """Do one case; everything it makes is below `folder`.

    Args:
        case: what to do.
        folder: to be made.
        undisturbed: bytes per run where nothing happens.
    """
    place = Place(folder, case.stack)
    clock = Clock(folder) if case.fault.own_clock else None
    with place.disk(case.fault.disk), place.neighbour() as neighbour:
        before = look(case.stack)
        process = place.bench(*case.fault.options, environment=clock.environment if clock else None)
        _wait(process, case.after_seconds)
        struck = case.fault.strikes(Running(process, place.out, random.Random(case.seed), clock))
        output = place.output(process)
        validity = _validity(place.out)
        wrong = _amiss(process.returncode, output, validity, refused=case.fault.mend is not None)
        if validity == "valid" and process.returncode != 0:
            wrong.append(f"valid, though bench ended with {process.returncode}")
        if case.fault.mend:
            case.fault.mend(place.out)
        place.clean()
        wrong += [f"left behind: {one}" for one in left(place, case.stack, before, neighbour)]
        wrong += harmed(neighbour)
        if case.fault.disk:
            place.enlarge()
        resumed = ""
        if validity != "valid":
            again = place.bench(*case.fault.options, *_resume(place.out))
            output_again = place.output(again)
            resumed = _validity(place.out)
            if again.returncode not in (0, 4):
                wrong.append(f"--resume ended with {again.returncode}: {_last(output_again)}")
            behind = left(place, case.stack, before, neighbour)
            wrong += [f"left behind by --resume: {one}" for one in behind]
        value = _value(place.out)
        if value is None and (resumed or validity) == "valid":
            wrong.append(f"valid without {CONSTANT}")
        if value is not None and abs(value / undisturbed - 1) > AGREES_WITHIN:
            wrong.append(f"{CONSTANT} is {value / undisturbed - 1:+.0%} off")
    return Seen(
        stack=case.stack,
        number=case.number,
        seed=case.seed,
        fault=case.fault.name,
        after_seconds=round(case.after_seconds, 1),
        struck=struck,
        exit_code=process.returncode,
        validity=validity,
        resumed=resumed,
        value=value,
        measured_again=_measured_again(place.out),
        wrong=tuple(wrong),
    )


def run_undisturbed(folder: Path, stack: str) -> tuple[float, float]:
    """Bytes per run and the length in seconds of an experiment to which nothing happens."""
    place = Place(folder, stack)
    began = time.monotonic()
    process = place.bench()
    output = place.output(process)
    value = _value(place.out)
    if process.returncode != 0 or value is None:
        raise RuntimeError(f"the undisturbed experiment did not come out valid:\n{output}")
    return value, time.monotonic() - began


def _wait(process: subprocess.Popen[str], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _amiss(code: int, output: str, validity: str, refused: bool) -> list[str]:
    wrong = [f"a traceback: {_last(output)}"] if "Traceback" in output else []
    right = {0, 3, 4, 5, 130, -signal.SIGKILL, 128 + signal.SIGHUP}
    if validity == NOTHING_BEGUN:
        # Python may still have been importing: there was nothing to keep or to take down yet.
        right |= {-signal.SIGHUP, -signal.SIGINT, -signal.SIGTERM}
    if code not in right and not (refused and code == 2):
        wrong.append(f"exit code {code}: {_last(output)}")
    if NEVER_ENDED in output:
        wrong.append(_last(output))
    return wrong


def _last(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("error")]
    return (told or lines or [""])[-1][:200]


def _validity(out: Path) -> str:
    document = _document(out)
    return NOTHING_BEGUN if document is None else document.validity.state


def _document(out: Path) -> ResultDocument | None:
    folder = ResultFolder(out)
    try:
        return folder.read_document() if folder.exists else None
    except ResultError:
        return None


def _measured_again(out: Path) -> int:
    if _document(out) is None:
        return 0
    bursts = ResultFolder(out).table("bursts")
    return int((bursts["phase"] == "disturbed").sum()) if len(bursts) else 0


def _resume(out: Path) -> tuple[str, ...]:
    return ("--resume",) if ResultFolder(out).exists else ()


def _value(out: Path) -> float | None:
    document = _document(out)
    if document is None or document.validity.state != "valid":
        return None
    return next((one.value for one in document.cells[0].constants if one.name == CONSTANT), None)

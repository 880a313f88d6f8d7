"""One case of the campaign: an experiment, a fault at a random moment, and what is there afterwards."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.errors import ResultError
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.stack.limited_cgroup import PARENT
from harness.stack.limited_cgroup import ROOT as CGROUPS
from tests.campaign.faults import ENOUGH, Fault, Running
from tests.integration.bench_support import ROOT, traces

SCENARIO = Path(__file__).parent / "scenario.yaml"
CONSTANT = "memory_per_run_bytes"
AGREES_WITHIN = 0.05
"""Of the undisturbed value; the harness's own rounds of one version differ by 1 %."""
LONGEST_SECONDS = 600.0


@dataclass(frozen=True)
class Case:
    """What to do; the same seed makes the same case."""

    number: int
    seed: str
    fault: Fault
    after_seconds: float


@dataclass(frozen=True)
class Seen:
    """What came of a case."""

    number: int
    seed: str
    fault: str
    after_seconds: float
    struck: bool
    """Whether the experiment was still there for the fault."""
    exit_code: int
    last_words: str
    validity: str
    resumed: str
    """Validity after `--resume`; empty where nothing was left to measure."""
    value: float | None
    """Bytes per run in the end; None where there is no valid result."""
    wrong: tuple[str, ...]
    """What must not be; empty where all is well."""


def run_case(case: Case, folder: Path, undisturbed: float) -> Seen:
    """Do one case; everything it makes is below `folder`.

    Args:
        case: what to do.
        folder: to be made.
        undisturbed: bytes per run where nothing happens.
    """
    chance = random.Random(case.seed)
    place = Place(folder)
    cgroups = _cgroups()
    with place.disk(case.fault.disk), place.neighbour() as neighbour:
        process = place.start("bench", str(SCENARIO), "--out", str(place.out))
        _wait(process, case.after_seconds)
        struck = case.fault.strike(Running(process, place.out, chance))
        output = place.output(process)
        wrong = _amiss(process.returncode, output)
        validity = _validity(place.out)
        if validity == "valid" and process.returncode != 0:
            wrong.append(f"valid, though bench ended with {process.returncode}")
        place.clean()
        wrong += [f"left behind: {one}" for one in _left(place, cgroups, neighbour)]
        wrong += _harmed(neighbour)
        if case.fault.disk:
            place.enlarge()
        resumed = ""
        if validity != "valid":
            again = place.start("bench", str(SCENARIO), "--out", str(place.out), *_resume(place.out))
            output_again = place.output(again)
            resumed = _validity(place.out)
            if again.returncode not in (0, 4):
                wrong.append(f"--resume ended with {again.returncode}: {_last(output_again)}")
            wrong += [f"left behind by --resume: {one}" for one in _left(place, cgroups, neighbour)]
        value = _value(place.out)
        if value is None and (resumed or validity) == "valid":
            wrong.append(f"valid without {CONSTANT}")
        if value is not None and abs(value / undisturbed - 1) > AGREES_WITHIN:
            wrong.append(f"{CONSTANT} is {value / undisturbed - 1:+.0%} off")
    return Seen(
        number=case.number,
        seed=case.seed,
        fault=case.fault.name,
        after_seconds=round(case.after_seconds, 1),
        struck=struck,
        exit_code=process.returncode,
        last_words=_last(output),
        validity=validity,
        resumed=resumed,
        value=value,
        wrong=tuple(wrong),
    )


def run_undisturbed(folder: Path) -> tuple[float, float]:
    """Bytes per run and the length in seconds of an experiment to which nothing happens."""
    place = Place(folder)
    began = time.monotonic()
    process = place.start("bench", str(SCENARIO), "--out", str(place.out))
    output = place.output(process)
    value = _value(place.out)
    if process.returncode != 0 or value is None:
        raise RuntimeError(f"the undisturbed experiment did not come out valid:\n{output}")
    return value, time.monotonic() - began


class Place:
    """The folders of one case, and the commands that are run in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state, self.temporary, self._disk = (folder / name for name in ("state", "tmp", "disk"))
        self.out = self._disk / "result"
        for made in (self.state, self.temporary, self._disk):
            made.mkdir(parents=True)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of the harness as from a terminal; what it says goes to a file."""
        with (self.folder / "output.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "harness", *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                env=self._environment(),
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def output(self, process: subprocess.Popen[str]) -> str:
        """Wait for the end of a command; what all commands said until then."""
        process.wait(LONGEST_SECONDS)
        return (self.folder / "output.log").read_text("utf-8", "replace")

    def clean(self) -> None:
        """Remove what a killed experiment left."""
        self.output(self.start("clean"))

    @contextmanager
    def disk(self, size: str) -> Iterator[None]:
        """The result is on a disk of its own, of that size; on any other where that is empty."""
        if size:
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self._disk)], check=True
            )
        try:
            yield
        finally:
            if size:
                subprocess.run(["umount", "-l", str(self._disk)], check=True)

    def enlarge(self) -> None:
        """Make the disk writable, with room for everything."""
        subprocess.run(["mount", "-o", f"remount,rw,size={ENOUGH}", str(self._disk)], check=True)

    @contextmanager
    def neighbour(self) -> Iterator[tuple[psutil.Process, list[Path]]]:
        """Another experiment beside, in the same state folder: its process, and its folders and cgroups."""
        with subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.neighbour"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment(),
        ) as process:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield psutil.Process(told["pid"]), [Path(path) for path in told["paths"]]
            assert process.stdin is not None
            process.stdin.close()

    def _environment(self) -> dict[str, str]:
        own = {"DAGSTER_SIZING_STATE": str(self.state), "TMPDIR": str(self.temporary)}
        return os.environ | own


def _wait(process: subprocess.Popen[str], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _amiss(code: int, output: str) -> list[str]:
    wrong = [f"a traceback: {_last(output)}"] if "Traceback" in output else []
    if code not in (0, 3, 4, 5, 130, -signal.SIGKILL, -signal.SIGHUP, 128 + signal.SIGHUP):
        wrong.append(f"exit code {code}: {_last(output)}")
    return wrong


def _last(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("error")]
    return (told or lines or [""])[-1][:200]


def _validity(out: Path) -> str:
    document = _document(out)
    return "none" if document is None else document.validity.state


def _document(out: Path) -> ResultDocument | None:
    folder = ResultFolder(out)
    try:
        return folder.read_document() if folder.exists else None
    except ResultError:
        return None


def _resume(out: Path) -> tuple[str, ...]:
    return ("--resume",) if ResultFolder(out).exists else ()


def _value(out: Path) -> float | None:
    document = _document(out)
    if document is None or document.validity.state != "valid":
        return None
    return next((one.value for one in document.cells[0].constants if one.name == CONSTANT), None)


def _cgroups() -> set[Path]:
    """Those of any experiment, one for each hierarchy of v1."""
    found = (path for pattern in (f"{PARENT}/*", f"*/{PARENT}/*") for path in CGROUPS.glob(pattern))
    return {path.resolve() for path in found if path.is_dir()}  # cpu and cpuacct may be one


def _left(place: Place, before: set[Path], neighbour: tuple[psutil.Process, list[Path]]) -> list[str]:
    """What is still there of the experiment and not of its neighbour."""
    own = {neighbour[0].pid, neighbour[0].ppid()}
    records = sorted(map(str, place.state.glob("*.json")))
    told = (*records, *(f"process {pid}:" for pid in own))
    found = [one for one in traces(place.state) if not one.startswith(told)]
    found += [f"{len(records) - 1} records"] if len(records) > 1 else []
    everything = {*place.temporary.resolve().glob("dagster-sizing-*"), *(_cgroups() - before)}
    found += [str(path) for path in sorted(everything - {path.resolve() for path in neighbour[1]})]
    live = place.out / "live.json"
    return [*found, str(live)] if live.exists() else found


def _harmed(neighbour: tuple[psutil.Process, list[Path]]) -> list[str]:
    process, paths = neighbour
    gone = [] if process.is_running() and process.status() != psutil.STATUS_ZOMBIE else ["its process"]
    gone += [str(path) for path in paths if not path.exists()]
    return [f"harmed the neighbour: {one} is gone" for one in gone]

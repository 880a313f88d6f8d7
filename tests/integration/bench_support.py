"""Runs the command line as users do, and looks at what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from harness.results.folder import ResultFolder
from harness.results.result_document import ConstantRecord, ResultDocument

ROOT = Path(__file__).parents[2]
ATTEMPTS = 3
FIXTURES = ROOT / "tests" / "fixtures"
_started: list[subprocess.Popen[str]] = []
QUICK = ROOT / "workloads" / "scenarios" / "quick.yaml"
ONE_WARM_UP = "load.warmup={launches: 1, min_bursts: 1, max_bursts: 1}"
"""For what is not about constants: a change of the scenario that spares time."""


def start(*arguments: str, state: Path) -> subprocess.Popen[str]:
    """Start the command line with a state folder of its own, as from a terminal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"DAGSTER_SIZING_STATE": str(state)},
        # A job in the background, as in CI, is started with Ctrl-C ignored, and so are its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    _started.append(process)
    return process


def read_until(process: subprocess.Popen[str], *words: str) -> str:
    """Read what a command says up to a line with the first word, from there to the next, and so on."""
    assert process.stdout is not None
    seen = ""
    for word in words:
        for line in process.stdout:
            seen += line
            if word in line:
                break
        else:
            raise AssertionError(f"{word!r} never came:\n{seen}")
    return seen


def end_all() -> None:
    """End what a failed test left running."""
    while _started:
        process = _started.pop()
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)


def run(*arguments: str, state: Path, timeout: float = 880) -> tuple[int, str]:
    """Run the command line to its end; exit code and output."""
    process = start(*arguments, state=state)
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.terminate()
        output, _ = process.communicate(timeout=60)
        raise AssertionError(f"not done after {timeout:g}s:\n{output}") from None
    return process.returncode, output


def measure(scenario: Path, folder: Path, *options: str) -> Path:
    """Folder of a valid result of `scenario`, with nothing left behind.

    A shared machine may spoil an experiment: other work takes its CPU, and the result says `inconclusive:
    steal`. It is then measured again, ATTEMPTS times at most; any other reason fails at once.
    """
    for attempt in range(ATTEMPTS):
        out, state = folder / f"result-{attempt}", folder / "state"
        code, output = run("bench", str(scenario), "--out", str(out), *options, state=state)
        assert traces(state) == []
        if code == 4:
            against = [r for r in document(out).validity.reasons if r.severity != "note"]
            if {reason.code for reason in against} == {"steal"}:
                print(f"measured again: {against[0].message}")
                continue
        assert code == 0, output
        return out
    raise AssertionError(f"the machine was not quiet enough in any of {ATTEMPTS} attempts")


def document(folder: Path) -> ResultDocument:
    """The result in `folder`."""
    return ResultFolder(folder).read_document()


def traces(state: Path) -> list[str]:
    """What experiments with this state folder left: records, processes, scratch folders, cgroups."""
    found = [str(file) for file in state.glob("*.json")]
    homes = set()
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        if environment.get("DAGSTER_SIZING_STATE") == str(state):
            found.append(f"process {process.pid}: {' '.join(process.cmdline())[:120]}")
            homes.add(environment.get("DAGSTER_HOME", ""))
    found += [home for home in homes if home and Path(home).exists()]
    return found


def constant(result: ResultDocument, workload: str, name: str) -> ConstantRecord:
    """One fitted constant of one workload."""
    cell = next(cell for cell in result.cells if cell.workload == workload)
    return next(c for c in cell.constants if c.name == name)


def value(result: ResultDocument, workload: str, name: str) -> float:
    """The value of one constant; it must be there."""
    found = constant(result, workload, name)
    assert found.value is not None, f"{workload} {name}: {found.reason}"
    return found.value

"""How long `make bench` takes and how narrow its intervals are, in this checkout and in another, in turns.

python -m tests.perf.bench_quick FOLDER [TURNS]

FOLDER is a checkout of another commit, whose environment is made first. Ratios are of medians, of this one's
to the other's; widths are halves of 95 % intervals as a share of the value (about eight minutes a turn).
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.model.intervals import Estimate
from harness.model.next_level import relative_width
from harness.results.folder import ResultFolder
from harness.results.result_document import ConstantRecord, ResultDocument
from tests.unit.cli_support import ROOT

CONSTANTS = ("memory_per_run_bytes", "base_memory_bytes", "cpu_seconds_per_run")

Figures = dict[str, float]


def measure(checkout: Path) -> Figures:
    """Seconds of `make bench` in a checkout, and its widths by workload and constant."""
    with tempfile.TemporaryDirectory(prefix="bench-quick-") as folder:
        out = Path(folder, "result")
        began = time.perf_counter()
        done = subprocess.run(
            ["make", "bench", f"ARGS=--out {out}"], cwd=checkout, capture_output=True, text=True, check=False
        )
        taken = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(f"make bench in {checkout}: exit code {done.returncode}: {done.stderr[-500:]}")
        document = ResultFolder(out).read_document()
    print(f"  {checkout}: {taken:.0f} s", flush=True)
    return {"seconds": taken} | widths(document)


def widths(document: ResultDocument) -> Figures:
    """Half of each interval as a share of its value; not a number where there is none."""
    return {
        f"{cell.workload} {one.name}": _width(one)
        for cell in document.cells
        for one in cell.constants
        if one.name in CONSTANTS
    }


def _width(one: ConstantRecord) -> float:
    if one.value is None or one.low is None or one.high is None:
        return math.nan
    return relative_width(Estimate(one.value, one.low, one.high, one.bursts)) or math.nan


def main() -> None:
    """Print both, and the ratios."""
    other, turns = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    told: dict[Path, list[Figures]] = {other: [], ROOT: []}
    for checkout in told:
        subprocess.run(["make", ".venv/.ready"], cwd=checkout, capture_output=True, check=True)
    for turn in range(turns):
        for checkout in list(told)[:: -1 if turn % 2 else 1]:
            told[checkout].append(measure(checkout))
    for name in told[ROOT][0]:
        before, after = (statistics.median(one[name] for one in told[of]) for of in (other, ROOT))
        shown = f"{before:7.0f}   {after:7.0f}  " if name == "seconds" else f"{before:9.2%} {after:9.2%}"
        print(f"bench  {name:32} {shown} {after / before:5.2f} x")


if __name__ == "__main__":
    main()

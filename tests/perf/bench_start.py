"""How long commands take to start, beside a bare interpreter, in turns.

python -m tests.perf.bench_start
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from tests.unit.cli_support import ROOT

TURNS = 5
COMMANDS = (
    ("--version",),
    ("--help",),
    ("scenario", "check", "workloads/scenarios/quick.yaml"),
    ("show", "results/claims/light"),
    ("size", "results/claims/light", "--run-duration", "45s", "--runs-per-hour", "200"),
)


def seconds(*arguments: str) -> float:
    """Wall time of a Python process with these arguments."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Print the median of each command, and its ratio to a bare interpreter's."""
    calls = {"(python -c pass)": ("-c", "pass")} | {
        " ".join(command[:2]): ("-m", "harness", *command) for command in COMMANDS
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(TURNS + 1):
        for name, arguments in calls.items():
            taken = seconds(*arguments)
            if turn:  # the first fills the caches
                times[name].append(taken)
    medians = {name: statistics.median(told) for name, told in times.items()}
    bare = medians["(python -c pass)"]
    for name, median in medians.items():
        print(f"start  {name:40} {median * 1000:7.0f} ms  {median / bare:6.1f} x a bare interpreter")


if __name__ == "__main__":
    main()

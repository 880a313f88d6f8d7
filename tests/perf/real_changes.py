"""What `compare` says of real rounds: one version against itself, and against the same with planted costs.

Run as `python -m tests.perf.real_changes FOLDER`. It measures, in turns, 20 rounds of the quick scenario as
it is and 5 whose runs hold 8 % more memory and compute 15 % longer (about 35 minutes; rounds that are there
are not measured again), and prints what 20 comparisons of the version with itself and 4 with the planted
costs come to: 5 rounds, 15 bursts a side, the defaults of `dagster-sizing matrix`. Rounds next to one another
form pairs; each comparison draws 5 of the 10 pairs, and gives one of either to each side. So every round is
in several comparisons, and they are not independent of one another.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from harness.compare.subject import Round, Subject
from harness.compare.verdicts import THRESHOLDS, compare
from harness.results.comparison import DifferenceRecord
from harness.results.folder import ResultFolder

ROOT = Path(__file__).parents[2]
PAIRS, DRAWN, AGAINST_ITSELF = 10, 5, 20
PLANTED = ("workloads.0.ballast=8MiB", "workloads.1.ballast=8MiB", "workloads.1.cpu_seconds=1.6s")
"""For io_bound and cpu_bound, of what a run costs here: 98 MiB and, where it computes 1 s, 4 CPU-seconds."""


def names() -> list[str]:
    """Folders of the rounds, in the order in which they are measured: as it is, planted, as it is, ..."""
    found = []
    for pair in range(PAIRS):
        found += [f"plain-{2 * pair}", f"plain-{2 * pair + 1}"]
        if pair % 2 == 0:
            found.append(f"planted-{pair // 2}")
    return found


def measure(folder: Path) -> None:
    """Measure the rounds that are not there."""
    for number, name in enumerate(names()):
        if (folder / name / "result.json").exists():
            continue
        options = ["load.repeats=1", f"seed={number + 1}", *(PLANTED if name.startswith("planted") else ())]
        command = [sys.executable, "-m", "harness", "bench", "workloads/scenarios/quick.yaml"]
        command += ["--out", str((folder / name).resolve())]
        print(f"{name} ({number + 1} of {len(names())})", flush=True)
        subprocess.run(
            [*command, *(part for one in options for part in ("--set", one))],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def subject(folder: Path, label: str, rounds: list[str]) -> Subject:
    """The rounds of these names as one side of a comparison."""
    read = [ResultFolder(folder / name) for name in rounds]
    documents = [Round(one.read_document(), one.table("bursts")) for one in read]
    return Subject(label, documents[0].document.cells[0].dagster_version, tuple(documents))


def against_itself(folder: Path) -> list[tuple[DifferenceRecord, ...]]:
    """The differences of each comparison of the version with itself."""
    found = []
    for trial in range(AGAINST_ITSELF):
        rng = np.random.default_rng(trial)
        drawn = sorted(rng.choice(PAIRS, DRAWN, replace=False))
        turned = rng.integers(0, 2, DRAWN)
        first = [f"plain-{2 * pair + turn}" for pair, turn in zip(drawn, turned, strict=True)]
        second = [f"plain-{2 * pair + 1 - turn}" for pair, turn in zip(drawn, turned, strict=True)]
        sides = subject(folder, "first", first), subject(folder, "second", second)
        found.append(compare(sides[0], [sides[1]], THRESHOLDS, trial))
    return found


def against_planted(folder: Path) -> list[tuple[DifferenceRecord, ...]]:
    """The differences of each comparison with the planted costs; the plain rounds of each are its own."""
    planted = subject(folder, "planted", [f"planted-{number}" for number in range(DRAWN)])
    found = []
    for trial in range(PAIRS * 2 // DRAWN):
        plain = subject(folder, "plain", [f"plain-{4 * number + trial}" for number in range(DRAWN)])
        found.append(compare(plain, [planted], THRESHOLDS, trial))
    return found


def show(folder: Path) -> None:
    """Print what the comparisons come to."""
    same = [one for differences in against_itself(folder) for one in differences]
    print(f"against itself, {AGAINST_ITSELF} times: {dict(Counter(one.verdict for one in same))}")
    for one in same:
        if one.verdict in ("regressed", "improved"):
            print(f"  false: {one.workload} {one.constant} {one.ratio}")
    for number, differences in enumerate(against_planted(folder)):
        print(f"planted, {number + 1}: {dict(Counter(one.verdict for one in differences))}")
        for one in differences:
            if one.constant in ("memory_per_run_bytes", "cpu_seconds_per_run"):
                told = (
                    f"{one.ratio.value:.3f} [{one.ratio.low:.3f}, {one.ratio.high:.3f}]" if one.ratio else "-"
                )
                print(f"  {one.workload} {one.constant}: {told} {one.verdict}")


if __name__ == "__main__":
    measure(Path(sys.argv[1]))
    show(Path(sys.argv[1]))

"""What `compare` says of real rounds: one version against itself, and against the same with planted costs.

Run as `python -m tests.perf.real_changes FOLDER`. It measures 20 rounds of the quick scenario as it is, then
5 as it is in turns with 5 whose runs take 8 % more memory and 15 % more CPU (about 35 minutes; rounds that
are there are not measured again), and prints what 20 comparisons of the version with itself and one with the
planted costs come to: 5 rounds, 15 bursts a side, the defaults of `dagster-sizing matrix`.

Rounds of the version itself that follow one another form pairs; each comparison draws 5 of the 10 pairs, and
gives one of either to each side. So every round is in several comparisons, which are not independent of one
another. Bursts come in another order in each round, which is harder than in a matrix, where it is the same.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from harness.compare.subject import Round, Subject
from harness.compare.verdicts import THRESHOLDS, compare
from harness.results.comparison_document import CHANGES, DifferenceRecord
from harness.results.folder import ResultFolder

ROOT = Path(__file__).parents[2]
PAIRS, DRAWN, AGAINST_ITSELF = 10, 5, 20
PLANTED = ("workloads.0.ballast=8MiB", "workloads.1.ballast=8MiB", "workloads.1.cpu_seconds=1.38s")
"""For io_bound and cpu_bound, whose runs cost 97.5 MiB and, where they compute 1 s, 2.5 CPU-seconds here."""
Differences = tuple[DifferenceRecord, ...]


def rounds() -> dict[str, int]:
    """Folders of the rounds in the order in which they are measured, and the seed of each one's bursts."""
    itself = {f"plain-{number}": number + 1 for number in range(2 * PAIRS)}
    turns = {f"{kind}-{number}": number + 1 for number in range(DRAWN) for kind in ("beside", "planted")}
    return itself | turns


def measure(folder: Path) -> None:
    """Measure the rounds that are not there."""
    for number, (name, seed) in enumerate(rounds().items(), 1):
        if (folder / name / "result.json").exists():
            continue
        options = ["load.repeats=1", f"seed={seed}", *(PLANTED if name.startswith("planted") else ())]
        command = [sys.executable, "-m", "harness", "bench", "workloads/scenarios/quick.yaml"]
        command += ["--out", str((folder / name).resolve())]
        print(f"{name} ({number} of {len(rounds())})", flush=True)
        subprocess.run(
            [*command, *(part for one in options for part in ("--set", one))],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def against_itself(folder: Path) -> list[Differences]:
    """The differences of each comparison of the version with itself."""
    found = []
    for trial in range(AGAINST_ITSELF):
        rng = np.random.default_rng(trial)
        drawn = sorted(rng.choice(PAIRS, DRAWN, replace=False))
        turned = rng.integers(0, 2, DRAWN)
        first = [f"plain-{2 * pair + turn}" for pair, turn in zip(drawn, turned, strict=True)]
        second = [f"plain-{2 * pair + 1 - turn}" for pair, turn in zip(drawn, turned, strict=True)]
        found.append(_compared(folder, first, second, trial))
    return found


def against_planted(folder: Path) -> Differences:
    """The differences from the planted costs."""
    sides = [[f"{kind}-{number}" for number in range(DRAWN)] for kind in ("beside", "planted")]
    return _compared(folder, sides[0], sides[1], seed=1)


def _compared(folder: Path, first: Iterable[str], second: Iterable[str], seed: int) -> Differences:
    baseline, other = _subject(folder, "first", first), _subject(folder, "second", second)
    return compare(baseline, [other], THRESHOLDS, seed)


def _subject(folder: Path, label: str, names: Iterable[str]) -> Subject:
    folders = [ResultFolder(folder / name) for name in names]
    read = tuple(Round(one.read_document(), one.table("bursts")) for one in folders)
    return Subject(label, read[0].document.cells[0].dagster_version, read)


def show(folder: Path) -> None:
    """Print what the comparisons come to."""
    same = [one for differences in against_itself(folder) for one in differences]
    print(f"against itself, {AGAINST_ITSELF} times: {dict(Counter(one.verdict for one in same))}")
    planted = against_planted(folder)
    print(f"planted: {dict(Counter(one.verdict for one in planted))}")
    for one in (*same, *planted):
        if one.ratio is not None and one.verdict in CHANGES:
            ratio = f"{one.ratio.value:.3f} [{one.ratio.low:.3f}, {one.ratio.high:.3f}]"
            print(f"  {one.verdict}: {one.workload} {one.constant} {ratio}, p {one.p_value_corrected:.3f}")


if __name__ == "__main__":
    measure(Path(sys.argv[1]))
    show(Path(sys.argv[1]))

"""What `compare` says of real rounds on several nodes of a cluster, of which one may be slower.

Run as `python -m tests.perf.real_nodes FOLDER NODE NODE ...`, with `kubectl` and IMAGE_LOADER as for
`bench --stack kubernetes`. Each of four rounds, whole on one node and as many at once as there are nodes,
measures the quick scenario's io_bound three times: as it is, as it is again, and with 8 MiB more in each run,
which is 8 %. It prints what comes of the comparisons, with nodes as blocks and without (about 15 minutes on
two nodes; results that are there are not measured again).
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from harness.campaign.parallel import measure_in_parallel
from harness.compare.subject import Round, Subject
from harness.compare.verdicts import THRESHOLDS, compare
from harness.results.folder import ResultFolder

ROOT = Path(__file__).parents[2]
ROUNDS = 4
KINDS = {"plain": (), "itself": (), "planted": ("workloads.0.ballast=8MiB",)}
COMMON = ("workloads=[{workload: io_bound}]", "load.repeats=1")


def folder_of(folder: Path, kind: str, number: int) -> Path:
    return folder / f"{kind}-{number}"


def measure(folder: Path, nodes: list[str]) -> None:
    """Measure the rounds that are not there."""

    def measured(number: int, node: str) -> str:
        for kind, planted in KINDS.items():
            out = folder_of(folder, kind, number).resolve()
            if (out / "result.json").exists():
                continue
            print(f"{kind} of round {number} on {node}", flush=True)
            options = [part for one in (*COMMON, *planted, f"seed={number}") for part in ("--set", one)]
            command = [sys.executable, "-m", "harness", "bench", "workloads/scenarios/quick.yaml", *options]
            command += ["--stack", "kubernetes", "--node", node, "--out", str(out)]
            done = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
            )
            if done.returncode not in (0, 4):
                return done.stderr
        return ""

    begun = dict.fromkeys(range(1, ROUNDS + 1), "")
    measure_in_parallel(begun, nodes, measured, lambda _node: False, print, "round {}".format)


def show(folder: Path) -> None:
    """Print what the comparisons come to, with the nodes as blocks and as if there were one node."""
    for blocks in (True, False):
        print("with nodes as blocks" if blocks else "without")
        plain, itself, planted = (_subject(folder, kind, blocks) for kind in KINDS)
        for label, other in (("itself", itself), ("8 % more memory", planted)):
            differences = compare(plain, [other], THRESHOLDS, seed=1)
            print(f"  {label}: {dict(Counter(one.verdict for one in differences))}")
            for one in differences:
                if one.ratio is not None and one.constant in ("memory_per_run_bytes", "cpu_seconds_per_run"):
                    ratio = f"{one.ratio.value:.3f} [{one.ratio.low:.3f}, {one.ratio.high:.3f}]"
                    print(f"    {one.constant}: {one.verdict} {ratio}, p {one.p_value_corrected:.4f}")
    for number in range(1, ROUNDS + 1):
        result = ResultFolder(folder_of(folder, "plain", number))
        bursts = result.table("bursts")
        measured = bursts[bursts["phase"] == "measure"]
        state = result.read_document().validity.state
        span = measured["launch_span_seconds"].mean()
        print(f"  round {number}: {', '.join(set(measured['node']))}, {state}, launches took {span:.2f} s")


def _subject(folder: Path, label: str, blocks: bool) -> Subject:
    results = [ResultFolder(folder_of(folder, label, number)) for number in range(1, ROUNDS + 1)]
    rounds = tuple(Round(one.read_document(), one.table("bursts")) for one in results)
    if not blocks:
        rounds = tuple(replace(one, bursts=one.bursts.assign(node="")) for one in rounds)
    return Subject(label, rounds[0].document.cells[0].dagster_version, rounds)


if __name__ == "__main__":
    measure(Path(sys.argv[1]), sys.argv[2:])
    show(Path(sys.argv[1]))

"""Run the fault campaign.

python -m tests.campaign --out build/campaign [--seed 1] [--cases 26]

Each case is told in `cases.jsonl` when it is done, and done once: the same command goes on after a break,
with more cases where `--cases` is larger. A case is made again by its seed alone: `--seed 1 --case 7`. The
table is written to `campaign.md` in the folder. It ends with 1 where something went wrong. Nothing else may
be measured on the machine meanwhile: its cgroups would be taken for leftovers.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from tests.campaign.case import Case, Seen, run_case, run_undisturbed
from tests.campaign.faults import FAULTS
from tests.campaign.table import render

CASES, UNDISTURBED = "cases.jsonl", "undisturbed.json"


def case_of(seed: int, number: int, length: float) -> Case:
    """Faults in turn, each at a moment of its own."""
    own = f"{seed}/{number}"
    after = random.Random(own).uniform(0.5, 0.95 * length)
    return Case(number, own, FAULTS[number % len(FAULTS)], after)


def main() -> int:
    """Run what is still to be run; exit code."""
    parser = argparse.ArgumentParser(prog="tests.campaign", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the campaign")
    parser.add_argument("--seed", type=int, default=1, help="which campaign")
    parser.add_argument("--cases", type=int, default=2 * len(FAULTS), help="how many cases")
    parser.add_argument("--case", type=int, nargs="+", help="these only, even if they were done")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    value, length = _undisturbed(options.out)
    done = read_seen(options.out)
    numbers = range(options.cases) if options.case is None else options.case
    known = {one.seed for one in done} if options.case is None else set()
    for number in numbers:
        case = case_of(options.seed, number, length)
        if case.seed in known:
            continue
        folder = options.out / f"case-{options.seed}-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        print(f"{case.seed}: {case.fault.name} after {case.after_seconds:.1f}s ... ", end="", flush=True)
        seen = run_case(case, folder, value)
        print("; ".join(seen.wrong) or f"well ({seen.validity}, {seen.resumed or 'nothing to resume'})")
        done = [one for one in done if one.seed != seen.seed] + [seen]
        with (options.out / CASES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(seen)) + "\n")
        if not seen.wrong:
            shutil.rmtree(folder, ignore_errors=True)
    (options.out / "campaign.md").write_text(render(done, value), "utf-8")
    return 1 if any(one.wrong for one in done) else 0


def read_seen(folder: Path) -> list[Seen]:
    """What the cases that were done came to; of one that was done twice, the last."""
    file = folder / CASES
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    found = {row["seed"]: Seen(**(row | {"wrong": tuple(row["wrong"])})) for row in rows}
    return list(found.values())


def _undisturbed(out: Path) -> tuple[float, float]:
    file = out / UNDISTURBED
    if not file.exists():
        print("undisturbed, to compare with ... ", end="", flush=True)
        shutil.rmtree(out / "undisturbed", ignore_errors=True)
        value, length = run_undisturbed(out / "undisturbed")
        file.write_text(json.dumps({"value": value, "length": length}), "utf-8")
        print(f"{value / 2**20:.1f} MiB a run, {length:.0f}s")
    known = json.loads(file.read_text("utf-8"))
    return known["value"], known["length"]


if __name__ == "__main__":
    sys.exit(main())

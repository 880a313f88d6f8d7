"""Run the fault campaign.

python -m tests.campaign --out build/campaign [--stack compose] [--seed 1] [--cases 40]

Each case is told in `cases-STACK.jsonl` when it is done, and done once: the same command goes on after a
break, with more cases where `--cases` is larger. A case is made again by its seed alone: `--seed 1 --case 7`.
The table of both stacks is written to `campaign.md` in the folder. It ends with 1 where something went wrong.
Nothing else may be measured on the machine meanwhile with the same stack: it would be taken for leftovers.
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
from tests.campaign.faults import FAULTS, STACKS
from tests.campaign.table import render


def case_of(stack: str, seed: int, number: int, length: float) -> Case:
    """Faults in turn, each at a moment of its own."""
    faults, own = FAULTS[stack], f"{seed}/{number}"
    after = random.Random(f"{stack} {own}").uniform(0.5, 0.95 * length)
    return Case(stack, number, own, faults[number % len(faults)], after)


def main() -> int:
    """Run what is still to be run; exit code."""
    parser = argparse.ArgumentParser(prog="tests.campaign", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the campaign")
    parser.add_argument("--stack", choices=STACKS, default="process", help="what the experiments run on")
    parser.add_argument("--seed", type=int, default=1, help="which campaign")
    parser.add_argument("--cases", type=int, help="how many cases; each fault twice where not told")
    parser.add_argument("--case", type=int, nargs="+", help="these only, even if they were done")
    options = parser.parse_args()
    out, stack = options.out, options.stack
    out.mkdir(parents=True, exist_ok=True)
    value, length = _undisturbed(out, stack)
    done = read_seen(out, stack)
    numbers = options.case or range(options.cases or 2 * len(FAULTS[stack]))
    known = {one.seed for one in done} if options.case is None else set()
    for number in numbers:
        case = case_of(stack, options.seed, number, length)
        if case.seed in known:
            continue
        folder = out / f"{stack}-{options.seed}-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        print(
            f"{stack} {case.seed}: {case.fault.name} after {case.after_seconds:.1f}s ... ", end="", flush=True
        )
        seen = run_case(case, folder, value)
        print("; ".join(seen.wrong) or f"well ({seen.validity}, {seen.resumed or 'nothing to resume'})")
        done = [one for one in done if one.seed != seen.seed] + [seen]
        with _cases(out, stack).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(seen)) + "\n")
        # What stayed open is kept too, to see why.
        if not seen.wrong and seen.resumed in ("", "valid"):
            shutil.rmtree(folder, ignore_errors=True)
    everything = [seen for name in STACKS for seen in read_seen(out, name)]
    undisturbed = {name: _undisturbed(out, name)[0] for name in {seen.stack for seen in everything}}
    (out / "campaign.md").write_text(render(everything, undisturbed), "utf-8")
    return 1 if any(one.wrong for one in done) else 0


def read_seen(folder: Path, stack: str) -> list[Seen]:
    """What the cases that were done came to; of one that was done twice, the last."""
    file = _cases(folder, stack)
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    found = {row["seed"]: Seen(**(row | {"wrong": tuple(row["wrong"])})) for row in rows}
    return list(found.values())


def _cases(folder: Path, stack: str) -> Path:
    return folder / f"cases-{stack}.jsonl"


def _undisturbed(out: Path, stack: str) -> tuple[float, float]:
    """Bytes a run takes, and the length of an experiment in seconds; measured once."""
    file = out / f"undisturbed-{stack}.json"
    if not file.exists():
        print(f"{stack}, undisturbed, to compare with ... ", end="", flush=True)
        folder = out / f"{stack}-undisturbed"
        shutil.rmtree(folder, ignore_errors=True)
        value, length = run_undisturbed(folder, stack)
        file.write_text(json.dumps({"value": value, "length": length}), "utf-8")
        print(f"{value / 2**20:.1f} MiB a run, {length:.0f}s")
    known = json.loads(file.read_text("utf-8"))
    return known["value"], known["length"]


if __name__ == "__main__":
    sys.exit(main())

"""How well constants are found that were planted in made days of a server: a table in Markdown.

Run as `python -m tests.perf.planted_truth [SIMULATIONS [PART OF A NAME...]]`; ten minutes. For each kind of
server and load: how far from the truth what is found lies on average, and how it scatters, both as a share of
it (of lags, seconds); the median half width of the 95 % intervals, and how many of them hold the truth. How
late stamps are is not known, except of memory at instants that are in time: there it is found without fail,
as the cases of late ones show, and looking for it only takes long.
"""

from __future__ import annotations

import sys

from tests.unit.planted_cases import CASES, Case, Score, score


def main() -> None:
    """Print the table."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    parts = sys.argv[2:] or [""]
    print("| case | constant | bias | sd | interval ± | held | of |")
    print("|---|---|---|---|---|---|---|")
    for case in CASES:
        if any(part in case.name for part in parts):
            quick = _quick(case)
            for name, one in score(quick, round(case.share * simulations)).items():
                if one.count and (name != "lag" or len(quick.lags) > 1):
                    print(_row(case, name, one), flush=True)


def _quick(case: Case) -> Case:
    in_time = not (case.scraping.lag or case.scraping.window or case.scraping.jitter)
    return case.lag_known if in_time and "CPU" not in case.name else case


def _row(case: Case, name: str, one: Score) -> str:
    if name == "lag":
        unit = case.scraping.lag or 1.0
        told = f"{one.bias * unit:+.2f} s | {one.sd * unit:.2f} s | {one.reach * unit:.2f} s"
    else:
        told = f"{one.bias:+.2%} | {one.sd:.2%} | {one.reach:.2%}"
    return f"| {case.name} | {name} | {told} | {one.held:.1%} | {one.count} |"


if __name__ == "__main__":
    main()

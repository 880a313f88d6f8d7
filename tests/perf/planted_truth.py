"""How well constants are found that were planted in made days of a server: a table in Markdown.

Run as `python -m tests.perf.planted_truth [SIMULATIONS]`. For each kind of server and load: how far from the
truth what is found lies on average and how it scatters, both as a share of it, and how many of the 95 %
intervals hold it. Of lags, seconds.
"""

from __future__ import annotations

import sys

from tests.unit.planted_cases import CASES, score


def main() -> None:
    """Print the table."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    chosen = sys.argv[2:]
    print("| case | constant | bias | sd | interval ± | held | of |")
    print("|---|---|---|---|---|---|---|")
    for case in CASES:
        if chosen and not any(one in case.name for one in chosen):
            continue
        for name, one in score(case, simulations).items():
            if name == "lag":
                told = (
                    f"{one.bias * (case.scraping.lag or 1):+.2f} s",
                    f"{one.sd * (case.scraping.lag or 1):.2f} s",
                    "",
                )
            else:
                told = (f"{one.bias:+.2%}", f"{one.sd:.2%}", f"{one.reach:.2%}")
            print(f"| {case.name} | {name} | {' | '.join(told)} | {one.held:.1%} | {one.count} |", flush=True)


if __name__ == "__main__":
    main()

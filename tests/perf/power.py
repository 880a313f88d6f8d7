"""How often `compare` finds a change, by its size and the number of bursts: a table in Markdown.

Run as `python -m tests.perf.power [TRIALS]`. Two samples of bursts at the levels of the quick scenario are
made, with the noise that bursts have on a virtual machine of two cores: memory 0.3 % of a burst's peak, CPU
and launch 6 % each. P is multiplied by 16, the comparisons of two workloads: the correction at its strictest.
"""

from __future__ import annotations

import sys

import numpy as np

from harness.compare.verdicts import THRESHOLDS, decide
from harness.model.definition import Points
from harness.model.difference import Design, Difference, difference
from harness.results.comparison_document import Kind, margin

LEVELS = (1, 3, 5)
COMPARISONS = 16
REPEATS = (3, 5, 8, 12)
Case = tuple[str, Kind, float, float, float]
CASES: tuple[Case, ...] = (
    ("memory per run", "memory", 110.0, 97.5, 0.003),
    ("CPU per run", "cpu", 0.3, 2.8, 0.06),
    ("launch per run", "latency", 0.9, 1.2, 0.06),
)
"""Name, kind, base, slope, noise as a share of a burst's value."""
EFFECTS: dict[Kind, tuple[float, ...]] = {
    "memory": (0.0, 0.03, 0.05, 0.08),
    "cpu": (0.0, 0.10, 0.15, 0.25),
    "latency": (0.0, 0.25, 0.40, 0.60),
}


def sample(rng: np.random.Generator, case: Case, effect: float, repeats: int) -> Points:
    """Bursts whose noise is a share of what they are; CPU and launch per run, as they are compared."""
    _, kind, base, slope, noise = case
    x = np.repeat(np.array(LEVELS, dtype=float), repeats)
    y = (base + slope * (1 + effect) * x) * rng.normal(1, noise, len(x))
    return Points("slope", x, y) if kind == "memory" else Points("mean", x, y / x)


def share_found(case: Case, effect: float, repeats: int, trials: int) -> float:
    """Share of simulated comparisons that end in `regressed` (or, without an effect, in any change)."""
    rng, kind = np.random.default_rng([repeats, round(1000 * effect)]), case[1]
    design = Design.of_one_machine(np.repeat(np.array(LEVELS, dtype=np.int64), repeats))
    found = 0
    for trial in range(trials):
        first, second = sample(rng, case, 0.0, repeats), sample(rng, case, effect, repeats)
        apart = difference(first, second, (design, design), trial)
        if isinstance(apart, Difference):
            within = margin(THRESHOLDS[kind], 0.0, 1.0)
            verdict = decide(apart.ratio, min(1.0, COMPARISONS * apart.p_value), within)
            found += verdict == "regressed" or (not effect and verdict == "improved")
    return found / trials


def main() -> None:
    """Print the table."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print("| constant | change | " + " | ".join(f"{r * len(LEVELS)} bursts" for r in REPEATS) + " |")
    print("|---|---|" + "---|" * len(REPEATS))
    for case in CASES:
        for effect in EFFECTS[case[1]]:
            shares = [share_found(case, effect, repeats, trials) for repeats in REPEATS]
            told = "none" if not effect else f"+{effect:.0%}"
            print(
                f"| {case[0]} | {told} | " + " | ".join(f"{share:.0%}" for share in shares) + " |", flush=True
            )


if __name__ == "__main__":
    main()

"""How long a matrix takes on 1, 2, 4, 16 and 64 nodes, by simulation.

Run as `python -m tests.perf.parallel_nodes [ROUNDS] [SECONDS]`: rounds of the matrix, and seconds that a
round takes on one node, with a spread of 10 %. A round is never split, and each node takes the next one that
is left, as `matrix --parallel` does. In the second table a node is lost in 2 % of the rounds.
"""

from __future__ import annotations

import heapq
import sys

import numpy as np

NODES = (1, 2, 4, 16, 64)
SPREAD, LOST, TRIALS = 0.1, 0.02, 2000
CORES_EACH = 0.15
"""Of the machine that loads and records, for each node that is measured; measured on a cluster of two."""


def hours(rounds: int, seconds: float, nodes: int, lost: float, rng: np.random.Generator) -> float:
    """Until the last round ends; infinity where every node was lost before."""
    free = [0.0] * nodes
    to_do = [0.0] * rounds
    """From when each round can be begun."""
    latest = 0.0
    while to_do and free:
        began = max(heapq.heappop(free), heapq.heappop(to_do))
        took = seconds * max(0.1, rng.normal(1, SPREAD))
        if rng.random() < lost:
            heapq.heappush(to_do, began + took * rng.random())
            continue
        latest = max(latest, began + took)
        heapq.heappush(free, began + took)
    return float("inf") if to_do else latest / 3600


def main(rounds: int, seconds: float) -> None:
    """Print the tables."""
    for lost in (0.0, LOST):
        print(f"{rounds} rounds of {seconds / 60:.0f} min, {lost:.0%} of them with a node that is lost")
        print("nodes   median  95 %   of one node   cores of the loading machine")
        rng = np.random.default_rng(1)
        alone = 0.0
        for nodes in NODES:
            found = np.array([hours(rounds, seconds, nodes, lost, rng) for _ in range(TRIALS)])
            middle, late = np.median(found), np.quantile(found, 0.95, method="lower")
            alone = alone or float(middle)
            used = min(nodes, rounds)
            share = f"{middle / alone:.3f}" if np.isfinite(alone) else "-"
            print(f"{nodes:5d} {middle:7.2f} h {late:5.2f} h {share:>10} {CORES_EACH * used:12.1f}")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 16, float(given[1]) if len(given) > 1 else 720.0)

"""Seconds to read a run history and to size it, and how they grow with it.

Run as `python -m tests.perf.bench_history [RUNS] [ROUNDS]`. A history of RUNS made runs is measured in turn
with one of a tenth of them, in the same process; both have the same rate, so the longer one goes further
back.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from harness.sizing.demand import demand_of_history
from harness.sizing.profile import profiles_of
from harness.sizing.run_history import read_history

RUNS_PER_HOUR = 200.0
MEAN_SECONDS = 45.0
EPOCH = 1.7e9
WEIGHTS = np.array([1.0])


def made(runs: int) -> pd.DataFrame:
    """That many runs at random, in one code location."""
    rng = np.random.default_rng(1)
    start = EPOCH + rng.exponential(3600 / RUNS_PER_HOUR, runs).cumsum()
    return pd.DataFrame(
        {
            "start": start,
            "end": start + rng.exponential(MEAN_SECONDS, runs),
            "location": "etl",
            "job": "nightly",
            "status": "SUCCESS",
        }
    )


def iso(runs: pd.DataFrame) -> pd.DataFrame:
    """The same with ISO 8601 instead of epoch seconds."""
    times = {name: pd.to_datetime(runs[name], unit="s", utc=True).map(str) for name in ("start", "end")}
    return runs.assign(**times)


def size(runs: pd.DataFrame) -> None:
    """Size a history, as `dagster-sizing size --history` does."""
    starts, ends = runs["start"].to_numpy(float), runs["end"].to_numpy(float)
    demand_of_history(starts, ends, np.zeros(len(runs)), 1.0, WEIGHTS, 2.5, 0.999, 1)


def ways(runs: int, folder: Path) -> dict[str, Callable[[], object]]:
    """What is measured of a history of that many runs."""
    table = made(runs)
    epoch, text, parquet = (folder / f"{runs}{ending}" for ending in (".csv", "-iso.csv", ".parquet"))
    table.to_csv(epoch, index=False)
    iso(table).to_csv(text, index=False)
    table.to_parquet(parquet)
    return {
        "read CSV, epoch seconds": lambda: read_history(epoch),
        "read CSV, ISO 8601": lambda: read_history(text),
        "read Parquet": lambda: read_history(parquet),
        "figures (history)": lambda: profiles_of(table),
        "demand (size --history)": lambda: size(table),
    }


def main(runs: int, rounds: int) -> None:
    """Measure and print."""
    fewer = runs // 10
    with tempfile.TemporaryDirectory() as folder:
        small, large = ways(fewer, Path(folder)), ways(runs, Path(folder))
        measured: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in large}
        for way in [*small.values(), *large.values()]:
            way()  # what is imported and cached at the first call is no cost of a history
        for _ in range(rounds):
            for name in large:
                for call, seconds in zip((small[name], large[name]), measured[name], strict=True):
                    began = time.perf_counter()
                    call()
                    seconds.append(time.perf_counter() - began)
    print(f"Run histories of {fewer:,} and {runs:,} runs, medians of {rounds} rounds")
    print(f"{'':26}{f'{fewer:,} runs':>14}{f'{runs:,} runs':>14}{'times as long':>15}")
    for name, both in measured.items():
        short, long = (statistics.median(seconds) for seconds in both)
        print(f"{name:26}{short:12.3f} s{long:12.3f} s{long / short:14.1f}x")


if __name__ == "__main__":
    main(*(int(a) for a in [*sys.argv[1:], *["100000", "5"][len(sys.argv) - 1 :]]))

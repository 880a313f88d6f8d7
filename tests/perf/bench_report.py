"""How long the page of a long experiment takes, and of a short one: `python -m tests.perf.bench_report`.

The long one is two hours at 50 readings a second: the samples of a reference experiment, again and again.
"""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

from harness.report.pages.result_page import render_result
from harness.results.folder import TABLES, ResultFolder

SHORT = Path(__file__).parents[2] / "results" / "claims" / "light"
READINGS = 360_000
HZ = 50.0


def lengthened(samples: pd.DataFrame) -> pd.DataFrame:
    """So many readings of the same experiment, one after another."""
    times = -(-READINGS // len(samples))
    frame = pd.concat([samples.assign(burst=samples["burst"] + 1000 * n) for n in range(times)])
    frame = frame.iloc[:READINGS].reset_index(drop=True)
    return frame.assign(at_epoch_seconds=samples["at_epoch_seconds"].min() + frame.index / HZ)


def main() -> None:
    """Print seconds, megabytes and their ratio."""
    folder = ResultFolder(SHORT)
    document = folder.read_document()
    tables = {name: folder.table(name) for name in TABLES}
    render_result(document, tables)  # the scripts of all pages are read once
    seconds = {}
    for name, samples in (("short", tables["samples"]), ("two hours", lengthened(tables["samples"]))):
        begun = time.perf_counter()
        page = render_result(document, tables | {"samples": samples})
        seconds[name] = time.perf_counter() - begun
        print(f"{name:10} {len(samples):8,} readings: {seconds[name]:5.1f} s, {len(page) / 1e6:.2f} MB")
    print(f"two hours / short: {seconds['two hours'] / seconds['short']:.1f}")


if __name__ == "__main__":
    main()

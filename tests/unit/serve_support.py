"""`dagster-sizing serve` as a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from harness.results.folder import ResultFolder
from tests.unit.results_sample import burst_row, cell_record, document

ROOT = Path(__file__).parents[2]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder is served."""
    command = [sys.executable, "-m", "harness", "serve", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def write_made(root: Path, name: str, version: str, workload: str = "io_bound") -> None:
    """A made result with 15 bursts; the longer its version is written, the later it was made."""
    cell = cell_record(
        cell_id=f"io_bound-{version}-2cpu-3072mib-8w", dagster_version=version, workload=workload
    )
    begun = f"20{20 + len(version)}-01-01T00:00:00+00:00"
    ResultFolder(root / name).write_document(document(name=name, cells=(cell,), created_at=begun))
    rows = pd.DataFrame([burst_row(level, number) for number, level in enumerate([1, 2, 4] * 5)])
    rows.assign(cell_id=cell.cell_id).to_parquet(root / name / "bursts.parquet")

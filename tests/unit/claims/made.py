"""Made-up results for the decision rules: a document with cells, and tables from rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.claims.measured import Measured
from harness.results.result_document import CellRecord, ResultDocument, Validity

Rows = list[dict[str, Any]]
BURST = {"phase": "measure", "drained": True}


def cell(cell_id: str = "cell", **setting: Any) -> CellRecord:
    """A finished cell; `setting` overrides fields such as `workload` or `grpc_max_workers`."""
    fields: dict[str, Any] = {
        "workload": "io_bound",
        "dagster_version": "1.13.27",
        "cpus": 2.0,
        "memory_bytes": 2**31,
        "grpc_max_workers": 8,
        "state": "finished",
    }
    return CellRecord(cell_id=cell_id, **(fields | setting))


def measured(tables: dict[str, Rows], *cells: CellRecord) -> Measured:
    """A result with these tables; rows without `cell_id` belong to the cell `cell`."""
    known = {"bursts": BURST}
    frames = {
        name: pd.DataFrame([{"cell_id": "cell"} | known.get(name, {}) | row for row in rows])
        for name, rows in tables.items()
    }
    document = ResultDocument(
        harness_version="0",
        name="made",
        stack="process",
        created_at="",
        scenario={},
        scenario_sha256="",
        fingerprint={},
        validity=Validity(state="valid"),
        cells=cells or (cell(),),
    )
    return Measured(document, lambda name: frames.get(name, pd.DataFrame()))

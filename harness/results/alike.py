"""What is the same in results of different Dagster versions."""

from __future__ import annotations

from harness.results.result_document import CellRecord


def setting_of(cell: CellRecord) -> str:
    """What a cell measures, whatever the version: its name without that."""
    return cell.cell_id.replace(f"-{cell.dagster_version}-", "-", 1)

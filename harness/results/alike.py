"""What must be alike for two results to be of the same thing, whatever their Dagster versions."""

from __future__ import annotations

from typing import Any

from harness.results.result_document import CellRecord, ResultDocument

MACHINE = ("architecture", "cpu_model", "cpu_count", "memory_total_bytes", "cgroup_version")
"""What tells machines apart, of a fingerprint."""
_OWN_TO_A_RESULT = ("name", "description", "seed")
"""Of a scenario: says nothing of what was measured."""


def measured_scenario(document: ResultDocument) -> dict[str, Any]:
    """What a scenario measures: without its versions, and what only names it."""
    kept = {key: value for key, value in document.scenario.items() if key not in _OWN_TO_A_RESULT}
    dagster = {key: value for key, value in dict(kept.get("dagster") or {}).items() if key != "versions"}
    return kept | {"dagster": dagster}


def setting_of(cell: CellRecord) -> str:
    """What a cell measures, whatever the version: its name without that."""
    return cell.cell_id.replace(f"-{cell.dagster_version}-", "-", 1)

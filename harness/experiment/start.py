"""The document an experiment starts from."""

from __future__ import annotations

import pandas as pd

from harness.results.fingerprint_record import FingerprintRecord
from harness.results.result_document import CellRecord, ResultDocument
from harness.results.scenario_record import ScenarioRecord
from harness.results.timestamp import timestamp
from harness.results.validity import judge
from harness.scenario.cells import cells_of
from harness.scenario.model import Scenario


def new_document(
    scenario: Scenario, stack: str, name: str, sha256: str, fingerprint: FingerprintRecord, version: str
) -> ResultDocument:
    """The document of an experiment of which nothing has been measured yet."""
    cells = tuple(
        CellRecord(
            cell_id=cell.cell_id,
            workload=cell.workload.label,
            dagster_version=cell.dagster_version,
            cpus=cell.cpus,
            memory_bytes=cell.memory_bytes,
            grpc_max_workers=cell.grpc_max_workers,
            replicas=cell.replicas,
            coordinator=cell.coordinator,
            max_concurrent_runs=cell.max_concurrent_runs,
            started_as=cell.started_as,
            health_check_seconds=cell.health_check_seconds,
            locations=cell.locations,
        )
        for cell in cells_of(scenario)
    )
    return ResultDocument(
        harness_version=version,
        name=name,
        stack=stack,
        created_at=timestamp(),
        scenario=ScenarioRecord(scenario.model_dump(mode="json")),
        scenario_sha256=sha256,
        fingerprint=fingerprint,
        validity=judge(cells, pd.DataFrame()),
        cells=cells,
    )

"""What a cell's record tells of the server that was brought up for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from harness.errors import ExperimentError
from harness.results.alike import changed_packages
from harness.results.result_document import CellRecord, ImportRecord, LimitsRecord, StartRecord
from harness.stack.base import Deployment


def with_environment(record: CellRecord, deployment: Deployment) -> CellRecord:
    """The record with the limits, the environment and the start of what was brought up."""
    limits, environment = deployment.limits, deployment.environment
    return record.model_copy(
        update={
            "limits": LimitsRecord(
                enforced=limits.enforced,
                method=limits.method,
                reason=limits.reason,
                cpus=limits.cpus,
                memory_bytes=limits.memory_bytes,
                host_cpus=limits.host_cpus,
            ),
            "python_version": environment.python_version,
            "packages": environment.packages,
            "exclude_newer": environment.exclude_newer,
            "start": StartRecord(
                imports=tuple(ImportRecord(**asdict(one)) for one in deployment.start.imports),
                answer_seconds=deployment.start.answer_seconds,
            ),
        }
    )


def refuse_other_packages(record: CellRecord, cells: Iterable[CellRecord]) -> None:
    """Cells of one version in one result are of one set of packages, whenever they were measured.

    Raises:
        ExperimentError: an earlier cell had others.
    """
    for cell in cells:
        if cell.state != "finished" or cell.dagster_version != record.dagster_version or not cell.packages:
            continue
        changed = [
            f"{name} {then} then, {now} now"
            for name, then, now in changed_packages(cell.packages, record.packages)
        ]
        if changed:
            more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
            raise ExperimentError(
                f"the packages are not those of {cell.cell_id}: {'; '.join(changed[:3])}{more}; measure the "
                "result whole, into another --out"
            )

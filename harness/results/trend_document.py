"""A trend of results: a folder to which every night adds one small file for each result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field

from harness.errors import ResultError
from harness.results.alike import setting_of
from harness.results.folder import ResultFolder
from harness.results.json_file import read_versioned
from harness.results.part import Part
from harness.results.result_document import ResultDocument

TREND_SCHEMA_VERSION = 1


class PointRecord(Part):
    """One constant of one workload, as a result has it."""

    dagster_version: str
    workload: str
    setting: str = Field(description="limits and workers")
    constant: str
    unit: str
    value: float
    low: float
    high: float
    bursts: int


class StepRecord(Part):
    """Where a constant stepped to another level and stayed there."""

    at: str = Field(description="begin of the first result at the new level")
    index: int = Field(description="of that result in the series")
    before: float
    after: float
    ratio: float


class SeriesRecord(Part):
    """One constant of one workload and version over time, on machines that are alike."""

    machine: str
    stack: str
    scenario: str
    scenario_sha256: str
    workload: str
    setting: str
    dagster_version: str
    constant: str
    unit: str
    least: int = Field(description="fewer results say nothing of a step")
    at: tuple[str, ...] = Field(description="begin of each result")
    values: tuple[float, ...]
    steps: tuple[StepRecord, ...] = Field(description="by more than the threshold of the constant's kind")


class EntryRecord(Part):
    """One result."""

    schema_version: int = TREND_SCHEMA_VERSION
    result: str
    created_at: str
    harness_version: str
    stack: str
    machine: str = Field(description="tells machines apart, and names none")
    scenario: str = Field(description="name of the scenario")
    scenario_sha256: str = Field(description="of what it measures, versions and seed aside")
    points: tuple[PointRecord, ...]

    @property
    def file_name(self) -> str:
        """Sorts by time; the same for the same result."""
        key = hashlib.sha256(f"{self.result}{self.created_at}{self.scenario_sha256}".encode()).hexdigest()
        return f"{self.created_at[:19].replace(':', '')}-{key[:10]}.json"


def entry_of(document: ResultDocument) -> EntryRecord:
    """What the trend keeps of a result.

    Raises:
        ResultError: it is not valid, or no constant was fitted.
    """
    if document.validity.state != "valid":
        raise ResultError(f"{document.name}: is {document.validity.state}; only valid results are kept")
    points = tuple(
        PointRecord(
            dagster_version=cell.dagster_version,
            workload=cell.workload,
            setting=setting_of(cell),
            constant=one.name,
            unit=one.unit,
            value=one.value,
            low=one.low,
            high=one.high,
            bursts=one.bursts,
        )
        for cell in document.cells
        for one in cell.constants
        if one.value is not None and one.low is not None and one.high is not None
    )
    if not points:
        raise ResultError(f"{document.name}: no constants were fitted; measure more levels or repeats")
    return EntryRecord(
        result=document.name,
        created_at=document.created_at,
        harness_version=document.harness_version,
        stack=document.stack,
        machine=_digest(document.fingerprint.of_machine())[:8],
        scenario=document.scenario.name,
        scenario_sha256=_digest(document.scenario.measures()),
        points=points,
    )


def add_entries(folder: Path, entries: Iterable[EntryRecord]) -> int:
    """Add entries; one that is there already is not added again. Returns how many were new."""
    new = [entry for entry in entries if not (folder / entry.file_name).exists()]
    for entry in new:
        ResultFolder(folder).write_text(entry.file_name, entry.model_dump_json(indent=1) + "\n")
    return len(new)


def read_entries(folder: Path) -> list[EntryRecord]:
    """All entries, oldest first.

    Raises:
        ResultError: there are none, or one cannot be read.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ResultError(f"{folder}: no trend there; begin one with: dagster-sizing trend add RESULT")
    writer = "dagster-sizing trend add"
    entries = [read_versioned(file, EntryRecord, TREND_SCHEMA_VERSION, writer) for file in files]
    return sorted(entries, key=lambda entry: entry.created_at)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()

"""A size: what it is computed from, term by term, and what it comes to on each platform."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.results.document import Part

SIZING_SCHEMA_VERSION = 1

BoundName = Literal["lower", "target", "upper"]
Platform = Literal["ecs-fargate", "ecs-ec2", "kubernetes", "compose"]


class CostRecord(Part):
    """A constant that went into the size."""

    name: str
    value: float
    low: float
    high: float
    bursts: int


class KindRecord(Part):
    """Runs that cost alike, and their demand."""

    workload: str
    dagster_version: str
    costs: tuple[CostRecord, ...]
    concurrency_measured: float = Field(description="most runs at once behind the constants")
    average: float = Field(description="runs in progress on average, as the run history tells of them")
    average_existing: float = Field(description="processes of runs on average, start and end included")
    launches_per_second: float


class PeakRecord(Part):
    """One way to tell how many runs must fit at once."""

    name: str
    runs: dict[str, int] = Field(description="by workload")
    total: int
    exact: float = Field(description="before it was rounded up to whole runs")
    how: str
    binds: bool = Field(description="whether the recommended size is for this one")


class TermRecord(Part):
    """One summand: count × cost."""

    name: str
    count: float
    cost: float


class NeedRecord(Part):
    """What is needed at one bound; the sum of its terms is the total."""

    bound: BoundName
    runs: int = Field(description="at once")
    total: float
    terms: tuple[TermRecord, ...]
    binds: str = ""


class QuantityRecord(Part):
    """One quantity at its three bounds."""

    name: Literal["memory", "cpu", "grpc_max_workers"]
    unit: str
    needs: tuple[NeedRecord, ...]


class ShapeRecord(Part):
    """The smallest size on a platform that meets the target."""

    platform: Platform
    cpus: float | None = Field(description="none where no size on offer is large enough")
    memory_bytes: int | None
    max_concurrent_runs: int | None = Field(description="runs at once that this memory holds")
    grpc_max_workers: int | None
    note: str = ""


class SizingDocument(Part):
    """The whole of a sizing."""

    schema_version: int = SIZING_SCHEMA_VERSION
    harness_version: str
    created_at: str
    result: str
    forced: bool = Field(description="whether it rests on a result that is not valid, or extrapolates far")
    warnings: tuple[str, ...]
    kinds: tuple[KindRecord, ...]
    start_within_seconds: float
    peaks: tuple[PeakRecord, ...]
    quantities: tuple[QuantityRecord, ...]
    shapes: tuple[ShapeRecord, ...]

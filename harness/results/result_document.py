"""`result.json`: everything about an experiment but its raw tables.

The schema is versioned. A reader refuses a newer version, and says so; older ones are read as they are.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from harness.results.fingerprint_record import FingerprintRecord
from harness.results.observed_record import METHOD, ObservedRecord
from harness.results.part import Part
from harness.results.scenario_record import ScenarioRecord

SCHEMA_VERSION = 2
"""2: `ticks` of a burst are those of sensors and schedules, and `readings` those of the sampler."""

State = Literal["valid", "invalid", "inconclusive"]


class Reason(Part):
    """One thing that speaks against (or, as a note, merely about) a result."""

    severity: Literal["invalid", "inconclusive", "note"]
    code: str
    message: str
    cell: str = ""


class Validity(Part):
    """Whether the numbers may be used, and why not."""

    state: State
    reasons: tuple[Reason, ...] = ()


class LimitsRecord(Part):
    """The limits the code server really ran under."""

    enforced: bool
    method: str
    reason: str
    cpus: float = Field(gt=0)
    memory_bytes: int = Field(gt=0)
    host_cpus: int | None = Field(None, description="of the machine; older results do not tell")


def _not_below_zero(value: float | None) -> float | None:
    return None if value is None else max(value, 0.0)


NotNegative = Annotated[float | None, AfterValidator(_not_below_zero)]


class ConstantRecord(Part):
    """A fitted constant with its 95 % interval, or the reason there is none.

    No constant is a cost below zero: where the fit of a few noisy bursts gives one, zero is the end.
    """

    name: str
    unit: str
    meaning: str
    source: str = Field(description="columns of bursts.parquet it comes from, and how")
    value: NotNegative
    low: NotNegative
    high: NotNegative
    bursts: int = Field(description="that it is fitted to; of what was observed, blocks of time")
    reason: str = ""
    lack_of_fit_p_value: float | None = None
    lack_of_fit_max_deviation: float | None = None
    lacks_fit: bool | None = None


class LevelRecord(Part):
    """What one level cost: means over its bursts. Memory is shown by every measure side by side."""

    level: int
    bursts: int
    concurrency: float
    memory_peak_bytes: float | None
    usage_peak_bytes: float | None
    watermark_bytes: float | None
    rss_peak_bytes: float | None
    pss_peak_bytes: float | None
    uss_peak_bytes: float | None
    threads_peak: float | None
    processes_peak: float | None
    cpu_seconds: float | None
    throttled_seconds: float | None
    launch_span_seconds: float | None
    run_seconds_mean: float | None
    tick_seconds_max: float | None = None
    ping_seconds_max: float | None = None
    requests_running_max: float | None = Field(None, description="of the code server's own telling")
    requests_queued_max: float | None = Field(None, description="of the code server's own telling")


LEVEL_MEANS = (
    "memory_peak_bytes",
    "usage_peak_bytes",
    "watermark_bytes",
    "rss_peak_bytes",
    "pss_peak_bytes",
    "uss_peak_bytes",
    "threads_peak",
    "processes_peak",
    "cpu_seconds",
    "throttled_seconds",
    "launch_span_seconds",
)
"""Columns of `bursts` whose mean by level every result has, under the same name in `LevelRecord`."""


class EventRecord(Part):
    """Something that happened to a part of the stack without the harness's doing."""

    at_epoch_seconds: float
    service: str
    kind: str = Field(description="oom, exit, restart or unhealthy")
    exit_code: int | None = None
    times: int = 1


class ReplicaRecord(Part):
    """What one of the code servers did in all bursts of a cell, warm-up included."""

    name: str
    runs: int
    runs_succeeded: int
    memory_peak_bytes: float | None
    cpu_seconds: float | None
    throttled_seconds: float | None
    oom_kills: int


class ImportRecord(Part):
    """One import of the code under test, in a process of its own that had Dagster already."""

    seconds: float
    cpu_seconds: float
    memory_bytes: int | None = Field(description="memory of the process's own by which it grew")


class StartRecord(Part):
    """What coming up took."""

    imports: tuple[ImportRecord, ...] = Field(description="none where the import was not timed")
    answer_seconds: tuple[float, ...] = Field(
        description="of each code server, from the begin of its process until it took connections"
    )


class PeakPartRecord(Part):
    """Processes of one kind at the highest moment that was seen, and the memory they held then."""

    role: str = Field(description="as in the table of processes")
    step: str = Field("", description="key of the step at work in them; `part[*]` for all that are mapped")
    processes: int
    memory_bytes: float = Field(description="sum of their PSS, or of USS or RSS where it could not be read")
    share: float = Field(description="of all processes then")


class WidthRecord(Part):
    """How narrow an interval was asked for, and how narrow it came out; bursts ended when it was enough."""

    constant: str
    asked: float = Field(description="half the width of its interval, as a share of its value, at most")
    reached: float | None = Field(description="the same as it came out; none where there is no interval")
    bursts: int = Field(description="that it was fitted to")
    most_bursts: int
    stopped: Literal["", "narrow enough", "most bursts"] = Field(
        "", description="why no burst followed; empty while bursts go on"
    )


class CellRecord(Part):
    """One cell: its setting, what it ran on, how far it got and what was fitted from it."""

    cell_id: str
    workload: str
    dagster_version: str
    cpus: float = Field(gt=0)
    memory_bytes: int = Field(gt=0)
    grpc_max_workers: int | None = Field(description="DAGSTER_GRPC_MAX_WORKERS; none where it was not set")
    replicas: int = Field(1, ge=1)
    coordinator: str = "default"
    max_concurrent_runs: int | None = Field(None, description="cap of the queue, where one was set")
    started_as: str = Field("grpc", description="what the code server was started as")
    health_check_seconds: float = Field(0.0, description="how often a health check ran beside it; 0 for none")
    locations: int = Field(1, description="code servers in each container")
    state: Literal["pending", "running", "finished"] = "pending"
    attempt: int = 0
    failure: str = Field("", description="why the cell broke off; empty where it did not")
    events: tuple[EventRecord, ...] = ()
    started_at: str = ""
    finished_at: str = ""
    limits: LimitsRecord | None = None
    python_version: str = ""
    packages: dict[str, str] = Field(default_factory=dict)
    exclude_newer: str = ""
    start: StartRecord | None = None
    warmup_bursts: int = 0
    warmup_settled: bool | None = None
    calibrated_launch_seconds: float | None = None
    planned_bursts: int = 0
    sampler_cpu_cores: float | None = None
    constants: tuple[ConstantRecord, ...] = ()
    levels: tuple[LevelRecord, ...] = ()
    replica_records: tuple[ReplicaRecord, ...] = ()
    peak_parts: tuple[PeakPartRecord, ...] = Field((), description="of the burst with the highest memory")
    spent: dict[str, float] = Field(default_factory=dict, description="seconds that it took, by stage")
    width: WidthRecord | None = Field(None, description="of the interval that was asked for, if any was")

    @property
    def observed(self) -> bool:
        """Whether it is of a deployment that others load."""
        return self.limits is not None and self.limits.method == METHOD


class ResultDocument(Part):
    """The whole of `result.json`."""

    schema_version: int = SCHEMA_VERSION
    harness_version: str
    name: str
    stack: str
    created_at: str
    finished_at: str = ""
    forced: bool = Field(False, description="whether constants were fitted although the result is not valid")
    scenario: ScenarioRecord
    scenario_sha256: str
    fingerprint: FingerprintRecord
    validity: Validity
    observed: ObservedRecord | None = Field(None, description="of a result of `observe`")
    cells: tuple[CellRecord, ...]
    spent: dict[str, float] = Field(
        default_factory=dict, description="seconds that all took beside its cells, by stage"
    )

    @property
    def whole(self) -> bool:
        """Whether all its cells were measured to the end."""
        return all(cell.state == "finished" for cell in self.cells)

    def cell(self, cell_id: str) -> CellRecord:
        """The record of `cell_id`."""
        return next(cell for cell in self.cells if cell.cell_id == cell_id)

    def with_cell(self, record: CellRecord) -> ResultDocument:
        """A copy in which `record` takes the place of its cell."""
        cells = tuple(record if c.cell_id == record.cell_id else c for c in self.cells)
        return self.model_copy(update={"cells": cells})

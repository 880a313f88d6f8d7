"""A size: what it is computed from, term by term, and what it comes to on each platform."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.results.estimate_record import EstimateRecord
from harness.results.folder import ResultFolder
from harness.results.json_file import read_versioned
from harness.results.kinds import FILES
from harness.results.observed_record import DayRecord
from harness.results.part import Part
from harness.results.scenario_record import ScenarioRecord

SIZING_SCHEMA_VERSION = 2
"""2: replicas, prices, and what a size is tried with."""

SIZING_FILE = FILES["size"]

LEAKED = "leaked until a restart"
"""Name of that term of the memory: hours × bytes per hour."""
HEALTH_CHECK = "health check"
"""Name of that term, of memory and of CPU."""
RELOAD = "reload of the code"
"""Name of that term of the memory."""

BoundName = Literal["lower", "target", "upper"]
Platform = Literal["ecs-fargate", "ecs-ec2", "kubernetes", "compose"]


class CostRecord(EstimateRecord):
    """A constant that went into the size."""

    name: str


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


class WaitingRecord(Part):
    """What a cap below the peak, which was asked for, makes of it."""

    cap: int = Field(description="runs at once that were asked for")
    runs: dict[str, int] = Field(description="by workload, of the peak that is cut")
    total: int
    seconds: float = Field(description="until the last run of the peak starts, at most, if all come at once")

    @property
    def cuts(self) -> bool:
        """Whether any run has to wait."""
        return self.cap < self.total


class TermRecord(Part):
    """One summand: count × cost."""

    name: str
    count: float
    cost: float


class LeakRecord(Part):
    """Memory that runs or ticks leave behind for good, and what follows."""

    bytes_each: dict[str, float] = Field(description="as fitted, by what leaks: `run of etl`, `tick`")
    bytes_per_hour: float = Field(description="of all together, at the upper ends of their intervals")
    restart_hours: float = Field(description="after so long the server shall be started anew")
    needed_bytes: int = Field(description="at the target, without what leaks")

    def hours_until(self, memory_bytes: int) -> float:
        """Hours until a peak no longer fits into so much memory."""
        return max(0.0, memory_bytes - self.needed_bytes) / self.bytes_per_hour


class CompanionRecord(Part):
    """What the webserver or the daemon needs, at the target and the upper ends of its constants."""

    name: str
    memory_bytes: float
    cpus: float
    ticks_measured: bool = Field(False, description="whether what its sensors and schedules cost is in them")


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


class LayoutRecord(Part):
    """What so many replicas behind one name come to, each of them sized for what falls on it."""

    replicas: int
    memory_bytes: float = Field(description="needed by all of them together, at the target")
    lost_runs: int = Field(
        description="in progress on the replica that is lost, exceeded as seldom as the target"
    )
    lost_run_seconds: float = Field(description="run time that has to be done again then, as expected")


class RuleRecord(Part):
    """One of the guide's rules for choosing between one server and replicas, and what it says here."""

    name: str
    favours: Literal["one server", "replicas", "neither"]
    why: str


class ReplicasRecord(Part):
    """How many replicas, and why: more than one only where launches were measured to spread over them."""

    replicas: int
    why: str
    acceptable_loss_seconds: float = Field(description="run time that may be lost with one server")
    layouts: tuple[LayoutRecord, ...]
    rules: tuple[RuleRecord, ...]


class OfferRecord(Part):
    """A size that can be had and meets the target, with its price."""

    platform: Platform
    name: str
    cpus: float = Field(description="of one replica")
    memory_bytes: int = Field(description="of one replica")
    replicas: int
    cost_per_month: float


class PricesRecord(Part):
    """Offers at the prices of a file, cheapest first."""

    file: str
    currency: str
    hours_per_month: float
    offers: tuple[OfferRecord, ...]


class PresentRecord(Part):
    """What an observed server has, and how near it came to that."""

    memory_limit_bytes: float | None = Field(description="none where there is none, or nobody knows")
    cpu_limit_cores: float | None = Field(description="as the limit of memory")
    worst_day: DayRecord


class SizingDocument(Part):
    """The whole of a sizing."""

    schema_version: int = SIZING_SCHEMA_VERSION
    harness_version: str
    created_at: str
    result: str
    forced: bool = Field(description="whether it rests on a result that is not valid, or extrapolates far")
    warnings: tuple[str, ...]
    kinds: tuple[KindRecord, ...]
    rests_on: str = Field("", description="what the demand was computed from: runs and days, or rates")
    start_within_seconds: float
    peaks: tuple[PeakRecord, ...]
    waiting: WaitingRecord | None = Field(None, description="where a cap on runs was asked for")
    leak: LeakRecord | None = Field(None, description="where anything leaks, and its runs or ticks come")
    quantities: tuple[QuantityRecord, ...] = Field(min_length=3, description="each of the three, once")
    companions: tuple[CompanionRecord, ...] = Field(
        (), description="webserver and daemon, where they were measured"
    )
    shapes: tuple[ShapeRecord, ...]
    isolated_cpus: float | None = Field(description="of the smallest Fargate task that holds one run")
    isolated_memory_bytes: int | None = Field(description="of that task; none where no task is large enough")
    replicas: ReplicasRecord
    prices: PricesRecord | None = Field(None, description="where a prices file was given")
    present: PresentRecord | None = Field(None, description="of a size from a result of `observe`")
    location: str = Field("", description="code location that is sized, where the demand named one")
    stack: str = Field(description="what the result was measured on")
    scenario: ScenarioRecord = Field(description="what was measured: a size is tried with the same runs")

    @property
    def peak(self) -> PeakRecord:
        """The peak that the size is for."""
        return next(peak for peak in self.peaks if peak.binds)

    @property
    def cap(self) -> int | None:
        """Runs at once that every recommended size holds: `max_concurrent_runs`; None without any size."""
        held = [one.max_concurrent_runs for one in self.shapes if one.max_concurrent_runs is not None]
        return min(held, default=None)

    def target(self, name: str) -> NeedRecord:
        """What is needed of a quantity at the target."""
        quantity = next(one for one in self.quantities if one.name == name)
        return next(need for need in quantity.needs if need.bound == "target")

    def shape(self, platform: Platform) -> ShapeRecord:
        """The size on a platform."""
        return next(one for one in self.shapes if one.platform == platform)


def read_sizing(path: Path) -> SizingDocument:
    """Read a size; `path` is the folder that `size --out` wrote, or the file in it.

    Raises:
        ResultError: not there, not readable, or written by a newer harness.
    """
    file = path / SIZING_FILE if path.is_dir() else path
    return read_versioned(file, SizingDocument, SIZING_SCHEMA_VERSION, "dagster-sizing size --out")


def write_sizing(folder: Path, document: SizingDocument) -> None:
    """Replace `sizing.json`, whole or not at all."""
    ResultFolder(folder).write_text(SIZING_FILE, document.model_dump_json(indent=2) + "\n")

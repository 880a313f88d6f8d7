"""What a result of `observe` tells beside its constants: its source, the runs, how far to trust them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.results.part import Part

METHOD = "observed"
"""How limits of a container that is not ours are known; also the stack of such a result."""


class LifeRecord(Part):
    """One life of the code server's container."""

    name: str
    began_epoch_seconds: float
    ended_epoch_seconds: float | None = Field(description="none while it runs, or where nobody knows")
    goes_on: bool = Field(
        False, description="of the same processes as the one before: no more than a limit was changed"
    )
    scrapes: int
    memory_limit_bytes: float | None = Field(description="none where there is none, or nobody knows")
    cpu_limit_cores: float | None = Field(description="as the limit of memory")
    memory_max_bytes: float = Field(description="highest working set that was read")
    oom_kills: int | None = None
    ended_by_oom: bool | None = None


class AgeRecord(Part):
    """What a run of one job holds at some age, with its 95 % interval."""

    job: str
    from_seconds: float = Field(description="since it began to run")
    to_seconds: float | None = Field(description="none: until it ends")
    value: float
    low: float
    high: float
    dearest: bool = Field(description="the highest of those that are clearly above the mean")


class DayRecord(Part):
    """The day, in UTC, with the highest memory that was read."""

    day: str
    memory_max_bytes: float
    at_epoch_seconds: float
    headroom: float | None = Field(description="share of the limit that was left then; none without a limit")


class ResidualRecord(Part):
    """How far memory was from what the live runs predict, in bytes; what a size adds to be safe."""

    scale: float = Field(description="robust standard deviation")
    p5: float
    p50: float
    p95: float
    p99: float
    highest: float


class ObservedFitRecord(Part):
    """How the constants came about; computed anew by `fit`."""

    scrapes: int
    blocks: int = Field(description="stretches of time that count as independent, behind the intervals")
    block_seconds: float | None = Field(description="how long each is on average")
    lag_seconds: float | None = Field(
        description="by which stamps are late, as it fits best; none where nothing could be fitted"
    )
    lag_low_seconds: float | None
    lag_high_seconds: float | None
    runs: int
    runs_by_job: dict[str, int]
    pooled: tuple[tuple[str, ...], ...] = Field((), description="jobs that cannot be told apart")
    levels: int = Field(description="how many numbers of live runs were held long enough to count")
    highest_level: int = Field(description="most runs that were live at a scrape")
    gap_share: float = Field(description="of the time without scrapes")
    spike_seconds: float | None = Field(
        description="a spike that every run has and that is wider was read at least once, with 95 %"
    )
    cache_per_run_bytes: float | None = Field(description="working set less RSS, fitted apart; none without")
    residuals: ResidualRecord | None
    ages: tuple[AgeRecord, ...] = ()
    unfitted: str = Field("", description="why nothing could be fitted to memory; empty where it was")


class OwnLoadRecord(Part):
    """What `bench --attach` put on the deployment while it was observed."""

    levels: tuple[int, ...] = Field(description="runs of a burst")
    highest: int = Field(description="runs at once that were allowed, those of others included")
    stop_above_bytes: float = Field(description="memory at which it was to stop")
    bursts: int = Field(description="that were fired")
    bursts_left_out: int = Field(description="as others ran too much")
    runs: int = Field(description="that were launched")
    foreign_runs: int = Field(description="of others that were live meanwhile")
    stopped: str = Field("", description="why it ended early; empty where it did not")


class ObservedRecord(Part):
    """How a deployment was observed."""

    source: str
    instance: str = Field(description="address of the Dagster instance")
    locations: tuple[str, ...]
    since_epoch_seconds: float
    until_epoch_seconds: float
    kind: Literal["point", "mean", "max"] = Field(description="what a reading is of")
    window_seconds: float = Field(description="of a mean or a maximum; 0 for points")
    stamp: Literal["measured", "scraped"]
    interval_seconds: float
    unknown: tuple[str, ...] = Field(description="what the source cannot know")
    runs_isolated: int = Field(description="in containers of their own, left out")
    runs_never_started: int
    runs_without_log: int = Field(description="whose log was not read: their processes' ends are estimated")
    lives: tuple[LifeRecord, ...]
    worst_day: DayRecord
    ticks: int | None = Field(
        None, description="evaluations of sensors and schedules that were told; none where not all are known"
    )
    own_load: OwnLoadRecord | None = None
    fitted: ObservedFitRecord | None = None

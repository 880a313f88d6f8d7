"""What a scenario file may say. Pydantic at the edge; every default is written here and nowhere else."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from harness.scenario.duration import Seconds
from harness.scenario.one_kind import TickWorkload
from harness.scenario.own_code import OwnRuns, each_executor
from harness.scenario.percentage import Percentage
from harness.scenario.section import Name, Section, each_once, one_or_many
from harness.scenario.server import ServerSection
from harness.scenario.workload import BuiltinWorkload, Workload

ELSEWHERE = "elsewhere"
"""Context of validation where the code is in a deployment that runs already, so that nothing names it."""


class DagsterSection(Section):
    """Which Dagster is measured."""

    versions: tuple[Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")], ...] = Field(
        ("1.13.27",), min_length=1, description="one cell per version; each gets its own environment"
    )
    requirements: tuple[str, ...] = Field(
        (), description="extra requirements of the server's environment, as in requirements.txt"
    )
    exclude_newer: Literal["release", "never"] | datetime.date = Field(
        "release",
        description="newest upload date of any dependency: `release` holds them to the day after the "
        "Dagster release, `never` takes today's, or a date",
    )
    python: Annotated[str, Field(pattern=r"^3\.\d+$")] | None = Field(
        None, description="Python of the server's environment, such as `3.11`; default: the harness's own"
    )
    coordinator: tuple[Literal["default", "queued"], ...] = Field(
        ("default",),
        min_length=1,
        description="`default` launches in the request, `queued` through the daemon (Dagster's own default "
        "from 1.11 on); a list makes one cell per value",
    )
    max_concurrent_runs: tuple[Annotated[int, Field(ge=1, strict=True)], ...] = Field(
        (),
        description="cap of the queued coordinator; left out, Dagster's own (10). A list makes one cell per "
        "value",
    )

    @field_validator("coordinator", "max_concurrent_runs", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return one_or_many(value)

    @field_validator("versions", "coordinator", "max_concurrent_runs")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @model_validator(mode="after")
    def _cap_needs_a_queue(self) -> DagsterSection:
        if self.max_concurrent_runs and "queued" not in self.coordinator:
            raise ValueError("max_concurrent_runs caps the queue; write coordinator: queued too")
        return self


class LocationSection(Section):
    """The code location under test. Left out, it is the project's own `workloads/`."""

    python_file: Path | None = Field(None, description="file that holds the definitions")
    module: str | None = Field(None, description="module that holds the definitions")
    package: str | None = Field(None, description="package that holds the definitions")
    attribute: str | None = Field(None, description="name of the Definitions object, where there are several")
    repository: str | None = Field(
        None, min_length=1, description="name of the repository whose jobs are run, where there are several"
    )
    working_directory: Path | None = Field(
        None, description="directory the server starts in; relative to the scenario file"
    )
    requirements: tuple[str, ...] = Field((), description="what the code needs besides Dagster")
    python: Path | None = Field(
        None, description="interpreter of an existing environment that has Dagster and the code's needs"
    )
    image: str | None = Field(
        None,
        min_length=1,
        description="container image that has the code, Dagster and dagster-postgres; for --stack compose",
    )
    command: tuple[str, ...] = Field(
        (),
        description="command that starts the code server of `image` on port 4000, instead of a module, "
        "package or python_file",
    )

    @model_validator(mode="after")
    def _exactly_one_target(self) -> LocationSection:
        targets = ("python_file", "module", "package", "command")
        given = [name for name in targets if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(targets)} is expected, got {given or 'none'}")
        if self.command and self.image is None:
            raise ValueError("command starts the code server of an image; name the image too")
        return self

    @model_validator(mode="after")
    def _image_brings_its_own(self) -> LocationSection:
        needless = [n for n in ("requirements", "python") if self.image and getattr(self, n)]
        if needless:
            raise ValueError(f"{needless[0]} cannot be used with image, which brings its own")
        return self


class WarmupSection(Section):
    """Bursts before measuring, until launching costs the same twice in a row."""

    launches: Annotated[int, Field(ge=1, strict=True)] = Field(2, description="runs in each warm-up burst")
    min_bursts: Annotated[int, Field(ge=1, strict=True)] = Field(2, description="fewest of them")
    max_bursts: Annotated[int, Field(ge=1, strict=True)] = Field(
        6, description="most of them; not settled by then, the result says so"
    )
    tolerance: Annotated[float, Field(gt=0, lt=1, strict=True)] = Field(
        0.2, description="settled when two successive bursts differ by less than this share"
    )

    @model_validator(mode="after")
    def _ordered(self) -> WarmupSection:
        if self.max_bursts < self.min_bursts:
            raise ValueError(f"max_bursts ({self.max_bursts}) is less than min_bursts ({self.min_bursts})")
        return self


FREQUENT_TICKS = tuple(f"frequent_tick_{number}" for number in range(1, 13))
"""Sensors of the project's own location that are due each time the daemon looks."""


class TickingSection(Section):
    """Times in which the daemon evaluates sensors by itself, for what a tick costs it; after all bursts."""

    windows: Annotated[int, Field(ge=0, le=50, strict=True)] = Field(
        0,
        description="how many; each is a quiet time and one as long with the sensors on. Needs "
        "dagster.coordinator: queued, which starts a daemon, and sampling.companions_hz, which reads it",
    )
    length: Seconds = Field(
        20, ge=10, description="of either time; the daemon looks every 5 s for sensors that are due"
    )
    sensors: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], AfterValidator(each_once)] = Field(
        (),
        description="which are turned on; with a location section, name some of its own that only skip: runs "
        "that they request are launched",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The sensors that are turned on: those named, else ours."""
        return self.sensors or FREQUENT_TICKS


FEWEST_FOR_WIDTH = 8
"""Bursts of a cell before its interval is looked at: with fewer, it is narrow by chance too often."""


class LoadSection(Section):
    """How runs are launched."""

    shape: Literal["burst", "poisson", "ramp", "soak"] = Field(
        "burst", description="all at one instant, at random, faster and faster, or at an even pace"
    )
    window: Seconds = Field(0, description="time over which poisson, ramp and soak spread their launches")
    levels: tuple[Annotated[int, Field(ge=1, le=500, strict=True)], ...] = Field(
        (1, 2, 4, 6), min_length=1, description="runs per burst"
    )
    repeats: Annotated[int, Field(ge=1, strict=True)] = Field(3, description="bursts at each level")
    design: Literal["balanced", "optimal"] = Field(
        "balanced",
        description="`optimal`: fewer bursts between the lowest and the highest level, and fewer in all, for "
        "constants per run that are as closely known; which ones is decided before the first",
    )
    width: Percentage | None = Field(
        None,
        description="stop when the 95 % interval of memory per run (or per tick) reaches no further than "
        "this to either side; each burst is at the level that narrows it most for its time, and there are "
        "as many as without it at most",
    )
    plateau: Seconds = Field(1.5, description="how long all runs of a burst shall overlap at least")
    warmup: WarmupSection = Field(
        WarmupSection.model_construct(), description="bursts before those that count"
    )
    processes: Annotated[int, Field(ge=1, strict=True)] = Field(
        1, description="Locust processes that fire the load"
    )
    spare_bursts: Annotated[int, Field(ge=0, strict=True)] | Literal["auto"] = Field(
        "auto",
        description="how many bursts may be measured again because the hypervisor took CPU from them, "
        "or the machine's clock was set; `auto` is half as many as are planned",
    )
    reloads: Annotated[int, Field(ge=0, le=100, strict=True)] = Field(
        0,
        description="bursts at the lowest level, after all others, in which the code is loaded anew while "
        "runs are at work, as when new code is deployed; needs server.started_as: code_server",
    )
    ticking: TickingSection = Field(
        TickingSection.model_construct(), description="ticks that the daemon makes by itself"
    )
    lose_server_after: Seconds = Field(
        0,
        description="kill the busiest code server this long after each release, as the kernel does at the "
        "memory limit; 0 kills none. Needs server.restart",
    )

    @field_validator("levels")
    @classmethod
    def _distinct(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) != len(value):
            raise ValueError("each level once; use repeats to measure a level more often")
        return tuple(sorted(value))

    @model_validator(mode="after")
    def _window_fits_shape(self) -> LoadSection:
        if self.shape != "burst" and self.window <= 0:
            raise ValueError(f"shape {self.shape} needs a window greater than 0s")
        if self.shape == "burst" and self.window:
            raise ValueError("shape burst launches at one instant; leave window out")
        return self

    @model_validator(mode="after")
    def _width_can_be_reached(self) -> LoadSection:
        if self.width is None:
            return self
        if len(self.levels) < 2:
            raise ValueError("width is that of a slope; give two levels or more")
        most, fewest = self.repeats * len(self.levels), max(FEWEST_FOR_WIDTH, len(self.levels) + 1)
        if most < fewest:
            raise ValueError(
                f"width takes {fewest} bursts at least, and repeats: {self.repeats} allows {most}; write "
                f"repeats: {math.ceil(fewest / len(self.levels))} or more, or leave width out"
            )
        return self


class SamplingSection(Section):
    """How often the collector reads."""

    cgroup_hz: Annotated[float, Field(ge=1, le=100, strict=True)] = Field(
        40.0, description="cgroup readings per second"
    )
    processes_hz: Annotated[float, Field(ge=0.2, le=10, strict=True)] = Field(
        2.0,
        description="process-tree walks per second; every second one is left out while memory stays as it is",
    )
    companions_hz: Annotated[float, Field(ge=0, le=100, strict=True)] = Field(
        0.0,
        description="readings per second of the webserver and the daemon, for what they cost beside the code "
        "server; 0 reads neither",
    )
    ping_hz: Annotated[float, Field(ge=0, le=10, strict=True)] = Field(
        0.0,
        description="Pings per second to the code server, as Dagster's agent sends them, for its utilization "
        "metrics; 0 sends none, as each takes a thread of the server",
    )


class TimeoutSection(Section):
    """No step waits longer than this."""

    environment: Seconds = Field(600, description="making the server's environment")
    start: Seconds = Field(120, description="server, webserver and sampler ready to take launches")
    idle: Seconds = Field(60, description="server back to idle before a burst")
    launch: Seconds = Field(120, description="answer to one launch")
    drain: Seconds = Field(300, description="all runs of a burst ended and their processes gone")


class Scenario(Section):
    """A whole scenario file."""

    name: Name = Field(description="short name of the scenario, used in file names")
    description: str = Field("", description="what it is for")
    dagster: DagsterSection = Field(
        DagsterSection.model_construct(), description="versions, and how runs are launched"
    )
    location: LocationSection | None = Field(
        None, description="your own code; left out, the workloads of this project"
    )
    server: ServerSection = Field(ServerSection.model_construct(), description="code server and limits")
    workloads: Annotated[tuple[Workload, ...], AfterValidator(each_executor)] = Field(
        min_length=1,
        description="what is run: entries with `workload:` (ours), `job:` or `assets:` (your own), `tick:` "
        "(a sensor or schedule) or `mix:` (several kinds of runs at once)",
    )
    load: LoadSection = Field(LoadSection.model_construct(), description="the bursts")
    sampling: SamplingSection = Field(
        SamplingSection.model_construct(), description="how often the code server is read"
    )
    timeouts: TimeoutSection = Field(TimeoutSection.model_construct(), description="how long to wait")
    seed: int = Field(
        1, ge=0, strict=True, description="seed of the order of bursts, of random schedules and of bootstraps"
    )

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Scenario:
        labels = [w.label for w in self.workloads]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"workloads named twice: {', '.join(twice)}; give each its own name")
        kinds = (kind for w in self.workloads if not isinstance(w, TickWorkload) for kind in w.kinds)
        for workload in kinds:
            if isinstance(workload, OwnRuns) and self.location is None and info.context != ELSEWHERE:
                raise ValueError(f"{workload.label} needs a location section that names its code")
            if isinstance(workload, BuiltinWorkload) and self.location is not None:
                raise ValueError(
                    f"workload {workload.workload} is part of the project's own location; with a location "
                    "section, name its jobs with `job:` or its assets with `assets:`"
                )
        if self.load.reloads and set(self.server.started_as) != {"code_server"}:
            raise ValueError(
                "load.reloads needs server.started_as: code_server; `dagster api grpc` cannot load code anew"
            )
        self._can_tick()
        if self.load.lose_server_after and not self.server.restart:
            raise ValueError("load.lose_server_after needs server.restart: true, or no burst could follow")
        if self.location is not None and self.location.command:
            variants = (("started_as", ("grpc",)), ("locations", (1,)))
            for field, plain in variants:
                if getattr(self.server, field) != plain:
                    raise ValueError(f"server.{field}: location.command starts the code server itself")
        if self.location is not None and self.location.python and self.dagster.requirements:
            raise ValueError(
                "dagster.requirements cannot be installed into an existing environment (location.python)"
            )
        return self

    def _can_tick(self) -> None:
        if not self.load.ticking.windows:
            return
        if set(self.dagster.coordinator) != {"queued"}:
            raise ValueError("load.ticking needs dagster.coordinator: queued, which starts a daemon")
        if not self.sampling.companions_hz:
            raise ValueError(
                "load.ticking needs sampling.companions_hz above 0 (10, say): it reads the daemon"
            )
        if self.location is not None and not self.load.ticking.sensors:
            raise ValueError("load.ticking.sensors: name some of the location's sensors that only skip")

    @property
    def repository(self) -> str | None:
        """Repository of the code location whose jobs are run; None where it has one only."""
        return None if self.location is None else self.location.repository

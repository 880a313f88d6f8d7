"""What a scenario runs: jobs of `workloads/` with their parameters, the user's own, mixes, ticks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from harness.scenario.duration import Seconds
from harness.scenario.one_kind import OneKind, TicksBeside, TickWorkload
from harness.scenario.own_code import OwnAssets, OwnJob, OwnRuns
from harness.scenario.quantity import RunMemory
from harness.scenario.section import Name, Section

_PARAMETERS_OF = {
    "io_bound": ("wait",),
    "cpu_bound": ("cpu_seconds",),
    "mixed": ("cpu_seconds",),
    "pandas_bound": ("rows",),
    "multi_step": ("steps", "executor"),
    "profile_memory": (),
}
_NODE_OF = {"profile_memory": "profiled"}
"""Ops that are not called `WORKLOAD_op`."""


class BuiltinWorkload(OneKind):
    """One of the jobs of `workloads/`, with its parameters."""

    workload: Literal["io_bound", "cpu_bound", "mixed", "pandas_bound", "multi_step", "profile_memory"] = (
        Field(description="which of the jobs of `workloads/`")
    )
    name: Name | None = Field(None, description="label in results; default: the workload's name")
    ballast: RunMemory = Field(0, description="memory each run really touches and keeps")
    duration: Literal["auto"] | Seconds = Field(
        "auto", description="how long a run holds; `auto` derives it from launch cost so that runs overlap"
    )
    wait: Literal["sleep", "socket"] = Field("sleep", description="io_bound: how it waits")
    cpu_seconds: Seconds = Field(1.0, description="cpu_bound, mixed: CPU time each run computes")
    rows: Annotated[int, Field(ge=1, strict=True)] = Field(
        200_000, description="pandas_bound: rows of the frame"
    )
    steps: Annotated[int, Field(ge=1, le=64, strict=True)] = Field(
        2, description="multi_step: parallel steps"
    )
    executor: Literal["multiprocess", "in_process"] = Field(
        "multiprocess", description="multi_step: each step a process of its own (Dagster's default), or none"
    )
    ticks: TicksBeside | None = Field(None, description="sensor or schedule ticks fired with each burst")

    @model_validator(mode="after")
    def _parameters_fit(self) -> BuiltinWorkload:
        for parameter in {name for parameters in _PARAMETERS_OF.values() for name in parameters}:
            owners = [workload for workload, parameters in _PARAMETERS_OF.items() if parameter in parameters]
            default = type(self).model_fields[parameter].default
            if self.workload not in owners and getattr(self, parameter) != default:
                belongs = " and ".join(owners)
                raise ValueError(f"{parameter} belongs to {belongs}; {self.workload} has no use for it")
        return self

    @property
    def label(self) -> str:
        """Name of this workload in results."""
        return self.name or self.workload

    @property
    def job(self) -> str:
        """Name of the job in the code location."""
        return self.workload

    @property
    def holds(self) -> bool:
        """Whether the harness chooses how long a run holds."""
        return self.duration == "auto"

    def for_warmup(self) -> BuiltinWorkload:
        """The same workload in runs that need not last: a warm-up asks what a launch costs."""
        return self.model_copy(update={"duration": "auto"})

    def run_config_for(self, hold_seconds: float) -> dict[str, Any]:
        """Run config of one run that holds for `hold_seconds` (or for the fixed duration)."""
        duration = hold_seconds if self.duration == "auto" else self.duration
        config: dict[str, Any] = {"ballast_bytes": self.ballast, "duration_seconds": float(duration)}
        own = {name: getattr(self, name) for name in _PARAMETERS_OF[self.workload] if name != "executor"}
        node = _NODE_OF.get(self.workload, f"{self.workload}_op")
        run_config: dict[str, Any] = {"ops": {node: {"config": config | own}}}
        if self.workload == "multi_step":
            # As many steps at once as there are, on any host: Dagster's default is the number of CPUs.
            settings = {"max_concurrent": self.steps} if self.executor == "multiprocess" else {}
            run_config["execution"] = {"config": {self.executor: settings}}
        return run_config


class MixPart(Section):
    """Runs of one kind in a mix."""

    runs: Annotated[
        Annotated[BuiltinWorkload, Tag("workload")]
        | Annotated[OwnJob, Tag("job")]
        | Annotated[OwnAssets, Tag("assets")],
        Discriminator(
            lambda value: _kind_of_workload(value),
            custom_error_type="no_kind",
            custom_error_message="`workload:` (ours), `job:` or `assets:` (of your own location) is expected",
        ),
    ] = Field(description="an entry with `workload:` (ours), `job:` or `assets:` (your own)")
    share: Annotated[int, Field(ge=1, strict=True)] = Field(
        description="how many of the runs, beside the other shares"
    )


class MixWorkload(Section):
    """Bursts of runs of several kinds."""

    mix: tuple[MixPart, ...] = Field(min_length=2, description="the kinds of runs in each burst")
    name: Name | None = Field(None, description="label in results; default: mix")
    ticks: TicksBeside | None = Field(None, description="sensor or schedule ticks fired with each burst")

    @model_validator(mode="after")
    def _one_executor_each(self) -> MixWorkload:
        if any(isinstance(kind, OwnRuns) and len(kind.executor) > 1 for kind in self.kinds):
            raise ValueError("a kind of a mix has one executor; write a mix for each")
        return self

    @model_validator(mode="after")
    def _ticks_beside_all(self) -> MixWorkload:
        if any(kind.ticks for kind in self.kinds):
            raise ValueError("ticks are fired with a burst and not with a kind: write them beside mix")
        return self

    @property
    def label(self) -> str:
        """Name of this workload in results."""
        return self.name or "mix"

    @property
    def kinds(self) -> tuple[RunWorkload, ...]:
        """The kinds of runs there are."""
        return tuple(part.runs for part in self.mix)

    @property
    def holds(self) -> bool:
        """Whether the harness chooses how long a run holds, of every kind."""
        return all(kind.holds for kind in self.kinds)

    def runs_of(self, level: int) -> tuple[RunWorkload, ...]:
        """What each of `level` runs is: by share, the largest remainders rounded up."""
        whole = sum(part.share for part in self.mix)
        counts = [level * part.share // whole for part in self.mix]
        by_remainder = sorted(range(len(counts)), key=lambda n: -(level * self.mix[n].share % whole))
        for number in by_remainder[: level - sum(counts)]:
            counts[number] += 1
        return tuple(part.runs for part, count in zip(self.mix, counts, strict=True) for _ in range(count))


_KINDS: dict[str, type[Section]] = {
    "workload": BuiltinWorkload,
    "job": OwnJob,
    "assets": OwnAssets,
    "tick": TickWorkload,
    "mix": MixWorkload,
}


def model_of_workload(entry: dict[str, Any]) -> type[Section] | None:
    """The model of an entry as it is written; None where it is none of them."""
    return next((model for kind, model in _KINDS.items() if kind in entry), None)


def _kind_of_workload(value: Any) -> str | None:
    """Which of the kinds an entry is meant to be, so that its errors speak of that one only."""
    model = model_of_workload(value) if isinstance(value, dict) else type(value)
    return next((kind for kind, known in _KINDS.items() if known is model), None)


RunWorkload = BuiltinWorkload | OwnJob | OwnAssets
Workload = Annotated[
    Annotated[BuiltinWorkload, Tag("workload")]
    | Annotated[OwnJob, Tag("job")]
    | Annotated[OwnAssets, Tag("assets")]
    | Annotated[TickWorkload, Tag("tick")]
    | Annotated[MixWorkload, Tag("mix")],
    Discriminator(
        _kind_of_workload,
        custom_error_type="no_kind",
        custom_error_message="`workload:` (ours), `job:` or `assets:` (of your own location), `tick:` (a "
        "sensor or schedule) or `mix:` (runs of several kinds) is expected",
    ),
]

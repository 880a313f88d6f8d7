"""What a scenario runs: a job of `workloads/` with its parameters, or a job of the user's own."""

from __future__ import annotations

import copy
import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from harness.scenario.section import Name, Section
from harness.scenario.units import Bytes, Seconds

_PARAMETER_OF = {
    "io_bound": "wait",
    "cpu_bound": "cpu_seconds",
    "pandas_bound": "rows",
    "multi_step": "steps",
}


class BuiltinWorkload(Section):
    """One of the jobs of `workloads/`, with its parameters."""

    workload: Literal["io_bound", "cpu_bound", "pandas_bound", "multi_step"]
    name: Name | None = Field(None, description="label in results; default: the workload's name")
    ballast: Bytes = Field(0, description="memory each run really touches and keeps")
    duration: Literal["auto"] | Seconds = Field(
        "auto", description="how long a run holds; `auto` derives it from launch cost so that runs overlap"
    )
    wait: Literal["sleep", "socket"] = Field("sleep", description="io_bound: how it waits")
    cpu_seconds: Seconds = Field(1.0, description="cpu_bound: CPU time each run computes")
    rows: Annotated[int, Field(ge=1, strict=True)] = Field(
        200_000, description="pandas_bound: rows of the frame"
    )
    steps: Annotated[int, Field(ge=1, le=64, strict=True)] = Field(
        2, description="multi_step: parallel steps"
    )

    @model_validator(mode="after")
    def _parameters_fit(self) -> BuiltinWorkload:
        for workload, parameter in _PARAMETER_OF.items():
            default = type(self).model_fields[parameter].default
            if workload != self.workload and getattr(self, parameter) != default:
                raise ValueError(f"{parameter} belongs to {workload}; {self.workload} has no use for it")
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

    def run_config_for(self, hold_seconds: float) -> dict[str, Any]:
        """Run config of one run that holds for `hold_seconds` (or for the fixed duration)."""
        duration = hold_seconds if self.duration == "auto" else self.duration
        config: dict[str, Any] = {"ballast_bytes": self.ballast, "duration_seconds": float(duration)}
        parameter = _PARAMETER_OF[self.workload]
        config[parameter] = getattr(self, parameter)
        return {"ops": {f"{self.workload}_op": {"config": config}}}


class OwnJob(Section):
    """Any job of the scenario's own code location."""

    job: Annotated[str, Field(min_length=1)] = Field(description="name of the job in the code location")
    name: Name | None = Field(None, description="label in results; default: the job's name")
    run_config: dict[str, Any] = Field(default_factory=dict, description="run config, as in the launchpad")
    hold: str | None = Field(
        None,
        pattern=r"^[^.\s]+(\.[^.\s]+)*$",
        description="dotted path of a run-config number that says how many seconds a run lasts, such as "
        "`ops.wait.config.seconds`; the harness sets it so that runs overlap",
    )

    @model_validator(mode="after")
    def _hold_leads_through_mappings(self) -> OwnJob:
        node: Any = self.run_config
        *parents, last = self.hold.split(".") if self.hold else [""]
        for depth, key in enumerate(parents):
            node = node.get(key, {})
            if not isinstance(node, dict):
                place = ".".join(parents[: depth + 1])
                raise ValueError(
                    f"hold {self.hold}: {place} of run_config is not a mapping of keys to values"
                )
        if isinstance(node.get(last), dict):
            raise ValueError(f"hold {self.hold}: a number is expected there in run_config; got a mapping")
        return self

    @property
    def label(self) -> str:
        """Name of this workload in results."""
        return self.name or re.sub(r"[^A-Za-z0-9._-]", "_", self.job)

    @property
    def holds(self) -> bool:
        """Whether the harness chooses how long a run holds."""
        return self.hold is not None

    def run_config_for(self, hold_seconds: float) -> dict[str, Any]:
        """Run config of one run that holds for `hold_seconds`, where the job lets us choose."""
        config = copy.deepcopy(self.run_config)
        if self.hold is None:
            return config
        *parents, last = self.hold.split(".")
        node = config
        for key in parents:
            node = node.setdefault(key, {})
        node[last] = float(hold_seconds)
        return config


def _kind_of_workload(value: Any) -> str | None:
    """Which of the two an entry is meant to be, so that its errors speak of that one only."""
    if isinstance(value, dict):
        return "workload" if "workload" in value else "job" if "job" in value else None
    return "workload" if isinstance(value, BuiltinWorkload) else "job" if isinstance(value, OwnJob) else None


Workload = Annotated[
    Annotated[BuiltinWorkload, Tag("workload")] | Annotated[OwnJob, Tag("job")],
    Discriminator(
        _kind_of_workload,
        custom_error_type="no_kind",
        custom_error_message="either `workload:` (ours) or `job:` (of your own location) is expected",
    ),
]

"""The file that tells a mix of jobs: each with what it costs like, how long it runs and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from harness.cli.yaml_file import read_yaml
from harness.results.result_document import ResultDocument
from harness.scenario.duration import Seconds
from harness.scenario.section import Name, Section
from harness.sizing.arrivals import LONGEST_SECONDS, Stream
from harness.sizing.costs import Costs, costs_of

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class JobDemand(Section):
    """One job of the mix."""

    name: Name = Field(description="what it is called")
    workload: str = Field(description="measured workload of the result that it costs like")
    duration: Seconds = Field(description="how long a run lasts, by the run history")
    runs_per_hour: Positive | None = Field(None, description="for runs that arrive at random")
    every: Seconds | None = Field(None, description="for runs that a schedule launches")
    at_once: Annotated[int, Field(ge=1, strict=True)] = Field(
        1, description="runs that are launched at one instant"
    )

    @model_validator(mode="after")
    def _one_rate(self) -> JobDemand:
        if (self.runs_per_hour is None) == (self.every is None):
            raise ValueError("either runs_per_hour (at random) or every (by schedule) is expected")
        if not 0 < self.duration <= LONGEST_SECONDS or self.every == 0:
            raise ValueError(
                f"duration and every must be greater than 0s, duration at most {LONGEST_SECONDS / 3600:g}h"
            )
        return self

    @property
    def hourly(self) -> float:
        """Runs per hour."""
        return self.runs_per_hour or 3600.0 / (self.every or 1.0) * self.at_once


class DemandFile(Section):
    """The whole file."""

    jobs: tuple[JobDemand, ...] = Field(min_length=1)


def mix_of(
    document: ResultDocument, file: Path, dagster_version: str, force: bool, beyond: float
) -> tuple[tuple[Costs, ...], list[Stream]]:
    """The costs of the workloads that a mix of jobs costs like, and its streams.

    Args:
        document: the result that is sized from.
        file: with the jobs.
        dagster_version, force: as for `costs_of`.
        beyond: seconds for which a process exists beyond its run.

    Raises:
        InputError: the file is wrong, or the result lacks a workload.
    """
    told = read_yaml(file, DemandFile, "a list of jobs").jobs
    names = sorted({job.workload for job in told})
    costs = tuple(costs_of(document, name, dagster_version, force) for name in names)
    return costs, [
        Stream(
            kind=names.index(job.workload),
            run_seconds=job.duration,
            runs_per_hour=job.hourly,
            beyond_seconds=beyond,
            at_once=job.at_once,
            regular=job.every is not None,
        )
        for job in told
    ]

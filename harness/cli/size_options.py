"""What `size` can be told, in groups: the demand, what is assumed, the limits, and what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import TOKEN_HEADER, TokenEnv, TokenHeader, bytes_of, cpus_of, seconds_of
from harness.errors import InputError
from harness.sizing.defaults import BURST_HEADROOM, MEMORY_HEADROOM, RETURN_DAYS, START_WITHIN_SECONDS, TICKS
from harness.sizing.leaks import TICKS_PER_HOUR
from harness.sizing.replicas import Ceiling

LEAST_RETURN_DAYS, MOST_RETURN_DAYS = 2.0, 36_500.0


class Executor(StrEnum):
    """How the steps of a run are executed."""

    ANY = "any"
    MULTIPROCESS = "multiprocess"
    IN_PROCESS = "in_process"


@dataclass(frozen=True)
class DemandOptions:
    """The demand, in one of three ways."""

    run_duration: Annotated[
        str, typer.Option(help="How long a run lasts, by the run history: 45s, 2m.", show_default=False)
    ] = ""
    runs_per_hour: Annotated[
        float, typer.Option(help="Runs that arrive per hour, at random.", show_default=False)
    ] = 0.0
    jobs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML file with a mix of jobs instead.", show_default=False),
    ] = None
    history: Annotated[
        str,
        typer.Option(
            metavar="SOURCE",
            help="A run history instead: the URL of a Dagster instance, or a CSV or Parquet export with "
            "columns start, end and location (`dagster-sizing demand` writes one).",
            show_default=False,
        ),
    ] = ""
    location: Annotated[str, typer.Option(help="Only this code location of the history.")] = ""
    days: Annotated[float, typer.Option(help="How far back to ask an instance for its history.")] = 30.0
    token_env: TokenEnv = ""
    token_header: TokenHeader = TOKEN_HEADER

    def check(self) -> None:
        """Raise InputError unless a demand is told in exactly one way."""
        ways = [bool(self.run_duration or self.runs_per_hour), self.jobs is not None, bool(self.history)]
        if sum(ways) != 1:
            raise InputError(
                "a demand is expected, in one way: --run-duration with --runs-per-hour, --jobs FILE, "
                "or --history SOURCE"
            )


@dataclass(frozen=True)
class AssumptionOptions:
    """What is assumed, and what is asked for."""

    burst_headroom: Annotated[
        float, typer.Option(help="The guide's factor from average to peak, which is shown beside.")
    ] = BURST_HEADROOM
    return_days: Annotated[
        float,
        typer.Option(
            metavar="DAYS",
            help="How rare the peak is that the size is for: the peak of a day exceeds it once in so many "
            "days. What schedules launch together always fits.",
        ),
    ] = RETURN_DAYS
    max_concurrent_runs: Annotated[
        int | None,
        typer.Option(
            metavar="RUNS",
            help="Let no more runs be at once, though more come: the size is for so many, and it is told how "
            "long the last one waits. Left out, the size is for the whole peak.",
            show_default=False,
        ),
    ] = None
    start_within: Annotated[
        str, typer.Option(help="Until the last run of a burst shall have started; takes CPU.")
    ] = f"{START_WITHIN_SECONDS:g}s"
    ticks: Annotated[int, typer.Option(help="Sensors and schedules that are evaluated at once.")] = TICKS
    ticks_per_hour: Annotated[
        float | None,
        typer.Option(
            help="Evaluations of all sensors and schedules together: they take CPU of the daemon, and memory "
            "where a tick leaks.",
            show_default=f"{TICKS_PER_HOUR:g} for each of --ticks",
        ),
    ] = None
    restart_every: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="Where memory leaks: restart the code server after so long (12h, 7d); the memory is for it.",
            show_default="24h, or sooner where what leaks would take as much memory as all else",
        ),
    ] = ""
    memory_headroom: Annotated[
        float,
        typer.Option(
            help="Share of memory to keep free, for what the constants do not know: runs that differ, and "
            "containers, in which a run took 2 % more than in plain processes."
        ),
    ] = MEMORY_HEADROOM
    acceptable_loss: Annotated[
        str,
        typer.Option(
            help="Run time that may be lost, all runs together, when one server is killed at the peak; more "
            "asks for replicas."
        ),
    ] = "10m"

    def check(self) -> None:
        """Raise InputError for a value that makes no sense."""
        if not 1 <= self.burst_headroom < math.inf:
            raise InputError(f"--burst-headroom {self.burst_headroom:g}: at least 1 is expected")
        if not 0 <= self.memory_headroom <= 1:
            raise InputError(f"--memory-headroom {self.memory_headroom:g}: 0 to 1 is expected, such as 0.05")
        if not LEAST_RETURN_DAYS <= self.return_days <= MOST_RETURN_DAYS:
            raise InputError(
                f"--return-days {self.return_days:g}: {LEAST_RETURN_DAYS:g} to {MOST_RETURN_DAYS:,.0f} is "
                "expected, such as 100: the peak of one day in a hundred exceeds the size"
            )
        if self.max_concurrent_runs is not None and self.max_concurrent_runs < 1:
            raise InputError(f"--max-concurrent-runs {self.max_concurrent_runs}: 1 or more is expected")
        if self.ticks < 0:
            raise InputError(f"--ticks {self.ticks}: 0 or more is expected")
        if self.ticks_per_hour is not None and not 0 <= self.ticks_per_hour < math.inf:
            raise InputError(f"--ticks-per-hour {self.ticks_per_hour:g}: 0 or more is expected")

    @property
    def all_ticks_per_hour(self) -> float:
        """Of all sensors and schedules: as told, or each as often as Dagster evaluates one by default."""
        return self.ticks * TICKS_PER_HOUR if self.ticks_per_hour is None else self.ticks_per_hour

    @property
    def restart_hours(self) -> float | None:
        """`restart_every` in hours, None where it was left out; InputError where it is no time."""
        return seconds_of("--restart-every", self.restart_every) / 3600 if self.restart_every else None

    @property
    def start_within_seconds(self) -> float:
        """`start_within` in seconds; InputError where it is none."""
        return seconds_of("--start-within", self.start_within)

    @property
    def acceptable_loss_seconds(self) -> float:
        """`acceptable_loss` in seconds; InputError where it is none."""
        return seconds_of("--acceptable-loss", self.acceptable_loss)


@dataclass(frozen=True)
class LimitOptions:
    """What can be had."""

    max_cpus: Annotated[
        str,
        typer.Option(help="CPUs of the largest server you can have: 4, 500m.", show_default="no limit"),
    ] = ""
    max_memory: Annotated[
        str,
        typer.Option(help="Memory of the largest server you can have: 30GiB, 30Gi.", show_default="no limit"),
    ] = ""
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="YAML file with prices: every size on offer that suffices, cheapest first.",
            show_default=False,
        ),
    ] = None

    @property
    def ceiling(self) -> Ceiling:
        """The largest server; InputError where it is none."""
        return Ceiling(
            cpus_of("--max-cpus", self.max_cpus) if self.max_cpus else math.inf,
            bytes_of("--max-memory", self.max_memory) if self.max_memory else math.inf,
        )


@dataclass(frozen=True)
class MeasuredOptions:
    """Which of what was measured to size from."""

    workload: Annotated[str, typer.Option(help="Measured workload that the runs cost like.")] = ""
    dagster_version: Annotated[str, typer.Option(help="Version to size for: it must have been measured.")] = (
        ""
    )
    executor: Annotated[Executor, typer.Option(help="Executor to size for: it must have been measured.")] = (
        Executor.ANY
    )
    placement: Annotated[
        Path | None,
        typer.Option(
            metavar="RESULT",
            help="Result that tells how launches that come one by one spread over replicas: measured on "
            "several, with load.shape soak or poisson. Without it no replicas are recommended.",
            show_default=False,
        ),
    ] = None
    force: Annotated[
        bool, typer.Option("--force", help="Size even from what is not valid or too far away; will be said.")
    ] = False

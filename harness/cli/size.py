"""`dagster-sizing size`: from measured constants and a demand to a size."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import harness
from harness.cli.demand_file import read_demand_file
from harness.cli.progress import make_console
from harness.errors import InputError
from harness.experiment.start import timestamp
from harness.report.sizing import print_sizing
from harness.results.document import ResultDocument
from harness.results.folder import ResultFolder
from harness.results.sizing import SizingDocument
from harness.scenario.units import parse_seconds
from harness.sizing.beyond import seconds_beyond_run
from harness.sizing.costs import Costs, costs_of
from harness.sizing.demand import Demand, Stream, demand_of_history, demand_of_streams
from harness.sizing.history import read_history
from harness.sizing.recommend import Wish, check_reach, recommend, weights_of

SEED = 1


class Format(StrEnum):
    """Ways to print a size."""

    TABLE = "table"
    JSON = "json"


def size(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Result folder with the constants.")],
    run_duration: Annotated[
        str, typer.Option(help="How long a run lasts, by the run history: 45s, 2m.", show_default=False)
    ] = "",
    runs_per_hour: Annotated[
        float, typer.Option(help="Runs that arrive per hour, at random.", show_default=False)
    ] = 0.0,
    jobs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML file with a mix of jobs instead.", show_default=False),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV or Parquet export of the run history instead: columns start, end, and location.",
            show_default=False,
        ),
    ] = None,
    location: Annotated[str, typer.Option(help="Only this code location of the history.")] = "",
    burst_headroom: Annotated[float, typer.Option(help="The guide's factor from average to peak.")] = 2.5,
    quantile: Annotated[
        float, typer.Option(help="Share of the time for which the ordinary peak shall suffice.")
    ] = 0.999,
    start_within: Annotated[
        str, typer.Option(help="Until the last run of a burst shall have started; takes CPU.")
    ] = "60s",
    ticks: Annotated[int, typer.Option(help="Sensors and schedules that are evaluated at once.")] = 1,
    workload: Annotated[str, typer.Option(help="Measured workload that the runs cost like.")] = "",
    dagster_version: Annotated[str, typer.Option(help="Of the result, where it has several.")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Size even from what is not valid or too far away; will be said.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Compute memory, CPUs, gRPC workers and the cap on runs for a demand, from measured constants.

    The demand is told in one of three ways: `--run-duration 45s --runs-per-hour 200`, a mix of jobs in a
    file, or a run history. Every term of the sum is shown. Three numbers each: lower, target, upper; the
    target is what to deploy.
    """
    document = ResultFolder(result).read_document()
    beyond = seconds_beyond_run(ResultFolder(result).table("runs"))
    _check_options(burst_headroom, quantile, ticks)
    ways = [bool(run_duration or runs_per_hour), jobs is not None, history is not None]
    if sum(ways) != 1:
        raise InputError(
            "a demand is expected, in one way: --run-duration with --runs-per-hour, --jobs FILE, "
            "or --history FILE"
        )
    if jobs is not None:
        costs, streams = _mix(document, jobs, dagster_version, force, beyond)
        demand = demand_of_streams(streams, weights_of(costs), burst_headroom, quantile, SEED)
    elif history is not None:
        costs = (costs_of(document, workload, dagster_version, force),)
        demand = _of_history(history, location, costs, beyond, burst_headroom, quantile)
    else:
        costs = (costs_of(document, workload, dagster_version, force),)
        stream = Stream(0, _seconds("--run-duration", run_duration), _rate(runs_per_hour), beyond)
        demand = demand_of_streams([stream], weights_of(costs), burst_headroom, quantile, SEED)
    sized = _recommend(document, costs, demand, Wish(_seconds("--start-within", start_within), ticks), force)
    if output is Format.JSON:
        typer.echo(sized.model_dump_json(indent=2))
    else:
        print_sizing(sized, make_console())


def _recommend(
    document: ResultDocument, costs: Sequence[Costs], demand: Demand, wish: Wish, force: bool
) -> SizingDocument:
    warnings = check_reach(costs, demand.binding(weights_of(costs)).total, force)
    if document.validity.state != "valid":
        warnings = (f"the result is {document.validity.state}; sized with --force", *warnings)
    return recommend(
        costs,
        demand,
        wish,
        warnings,
        forced=force and bool(warnings),
        result=document.name,
        harness_version=harness.__version__,
        created_at=timestamp(),
    )


def _mix(
    document: ResultDocument, file: Path, dagster_version: str, force: bool, beyond: float
) -> tuple[tuple[Costs, ...], list[Stream]]:
    told = read_demand_file(file).jobs
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


def _of_history(
    file: Path, location: str, costs: tuple[Costs, ...], beyond: float, headroom: float, quantile: float
) -> Demand:
    runs = read_history(file)
    known = sorted(set(runs["location"]))
    if location:
        runs = runs[runs["location"] == location]
        if runs.empty:
            raise InputError(f"--location {location}: not in {file}; it has {', '.join(known)}")
    elif len(known) > 1:
        raise InputError(f"{file}: runs of several code locations; name one: --location {', '.join(known)}")
    return demand_of_history(
        runs["start"].to_numpy(float),
        runs["end"].to_numpy(float),
        np.zeros(len(runs)),
        beyond,
        weights_of(costs),
        headroom,
        quantile,
        SEED,
    )


def _check_options(headroom: float, quantile: float, ticks: int) -> None:
    if not headroom >= 1:
        raise InputError(f"--burst-headroom {headroom:g}: at least 1 is expected")
    if not 0.5 <= quantile < 1:
        raise InputError(f"--quantile {quantile:g}: at least 0.5 and less than 1 is expected, such as 0.999")
    if ticks < 0:
        raise InputError(f"--ticks {ticks}: 0 or more is expected")


def _rate(runs_per_hour: float) -> float:
    if not 0 < runs_per_hour < float("inf"):
        raise InputError("--runs-per-hour: a number greater than 0 is expected")
    return runs_per_hour


def _seconds(option: str, text: str) -> float:
    try:
        seconds = parse_seconds(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: {error}") from None
    if seconds <= 0:
        raise InputError(f"{option} {text}: more than 0s is expected")
    return seconds

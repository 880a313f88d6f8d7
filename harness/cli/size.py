"""`dagster-sizing size`: from measured constants and a demand to a size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

import harness
from harness.cli.demand_file import mix_of
from harness.cli.options import TOKEN_HEADER, bytes_of, seconds_of
from harness.cli.prices_file import read_prices
from harness.cli.progress import make_console
from harness.errors import InputError
from harness.report.configuration import render_configs
from harness.report.sizing_text import print_sizing
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.results.sizing_document import SIZING_FILE, write_sizing
from harness.results.timestamp import timestamp
from harness.sizing.arrivals import Stream
from harness.sizing.beyond import BEYOND_COLUMNS, seconds_beyond_run
from harness.sizing.costs import EXECUTOR_COLUMNS, Costs, check_executor, costs_of, tick_memory_of
from harness.sizing.defaults import BURST_HEADROOM, MEMORY_HEADROOM, QUANTILE, START_WITHIN_SECONDS, TICKS
from harness.sizing.demand import Demand, demand_of_history, demand_of_streams
from harness.sizing.recommend import Origin, Wish, check_reach, recommend, weights_of
from harness.sizing.replicas import Ceiling

SEED = 1


class Format(StrEnum):
    """Ways to print a size."""

    TABLE = "table"
    JSON = "json"


class Executor(StrEnum):
    """How the steps of a run are executed."""

    ANY = "any"
    MULTIPROCESS = "multiprocess"
    IN_PROCESS = "in_process"


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
        str,
        typer.Option(
            metavar="SOURCE",
            help="A run history instead: the URL of a Dagster instance, or a CSV or Parquet export with "
            "columns start, end and location (`dagster-sizing demand` writes one).",
            show_default=False,
        ),
    ] = "",
    location: Annotated[str, typer.Option(help="Only this code location of the history.")] = "",
    days: Annotated[float, typer.Option(help="How far back to ask an instance for its history.")] = 30.0,
    token_env: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Environment variable with the token of that instance.", show_default=False
        ),
    ] = "",
    token_header: Annotated[
        str, typer.Option(metavar="HEADER", help="HTTP header that the token is sent in.")
    ] = TOKEN_HEADER,
    burst_headroom: Annotated[
        float, typer.Option(help="The guide's factor from average to peak.")
    ] = BURST_HEADROOM,
    quantile: Annotated[
        float, typer.Option(help="Share of the time for which the ordinary peak shall suffice.")
    ] = QUANTILE,
    start_within: Annotated[
        str, typer.Option(help="Until the last run of a burst shall have started; takes CPU.")
    ] = f"{START_WITHIN_SECONDS:g}s",
    ticks: Annotated[int, typer.Option(help="Sensors and schedules that are evaluated at once.")] = TICKS,
    memory_headroom: Annotated[
        float,
        typer.Option(
            help="Share of memory to keep free, for what the constants do not know: runs that differ, and "
            "containers, in which a run took 2 % more than in plain processes."
        ),
    ] = MEMORY_HEADROOM,
    acceptable_loss: Annotated[
        str,
        typer.Option(
            help="Run time that may be lost, all runs together, when one server is killed at the peak; more "
            "asks for replicas."
        ),
    ] = "10m",
    max_cpus: Annotated[
        float, typer.Option(help="CPUs of the largest server you can have.", show_default="no limit")
    ] = math.inf,
    max_memory: Annotated[
        str, typer.Option(help="Memory of the largest server you can have: 30GiB.", show_default="no limit")
    ] = "",
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="YAML file with prices: every size on offer that suffices, cheapest first.",
            show_default=False,
        ),
    ] = None,
    workload: Annotated[str, typer.Option(help="Measured workload that the runs cost like.")] = "",
    dagster_version: Annotated[
        str, typer.Option(help="Version to size for: it must have been measured.")
    ] = "",
    executor: Annotated[
        Executor, typer.Option(help="Executor to size for: it must have been measured.")
    ] = Executor.ANY,
    force: Annotated[
        bool, typer.Option("--force", help="Size even from what is not valid or too far away; will be said.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write the size there (sizing.json, for `dagster-sizing try`), its page (report.html), and "
            "configuration to paste: dagster_cloud.yaml, dagster.yaml, values.yaml (Helm), "
            "compose.override.yaml.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Compute memory, CPUs, workers, the cap on runs and replicas for a demand, from measured constants.

    The demand is told in one of three ways: `--run-duration 45s --runs-per-hour 200`, a mix of jobs in a
    file, or a run history. Every term of the sum is shown. Three numbers each: lower, target, upper; the
    target is what to deploy. `--out` keeps it; `dagster-sizing try` then runs that size to show that it
    holds, and where it breaks.
    """
    folder = ResultFolder(result)
    document = folder.read_document()
    beyond = seconds_beyond_run(folder.columns("runs", BEYOND_COLUMNS))
    _check_options(burst_headroom, memory_headroom, quantile, ticks, max_cpus)
    ways = [bool(run_duration or runs_per_hour), jobs is not None, bool(history)]
    if sum(ways) != 1:
        raise InputError(
            "a demand is expected, in one way: --run-duration with --runs-per-hour, --jobs FILE, "
            "or --history SOURCE"
        )
    if out is not None and ResultFolder(out).exists:
        raise InputError(f"--out {out}: holds a measured result; choose another folder")
    ceiling = Ceiling(max_cpus, bytes_of("--max-memory", max_memory) if max_memory else math.inf)
    within, loss = (
        seconds_of("--start-within", start_within),
        seconds_of("--acceptable-loss", acceptable_loss),
    )
    priced = None if prices is None else read_prices(prices)
    console = make_console()
    if jobs is not None:
        costs, streams = mix_of(document, jobs, dagster_version, force, beyond)
        demand = demand_of_streams(streams, weights_of(costs), burst_headroom, quantile, SEED)
    elif history:
        from harness.cli.run_source import counting, read_runs, runs_of_location

        costs = (costs_of(document, workload, dagster_version, force),)
        with counting(Console(stderr=True)) as say:
            runs = read_runs(history, token_env, token_header, days, say)
        runs, location = runs_of_location(runs, history, location)
        demand = demand_of_history(
            runs["start"].to_numpy(float),
            runs["end"].to_numpy(float),
            np.zeros(len(runs)),
            beyond,
            weights_of(costs),
            burst_headroom,
            quantile,
            SEED,
        )
    else:
        costs = (costs_of(document, workload, dagster_version, force),)
        stream = Stream(0, seconds_of("--run-duration", run_duration), _rate(runs_per_hour), beyond)
        demand = demand_of_streams([stream], weights_of(costs), burst_headroom, quantile, SEED)
    check_executor(
        folder.columns("processes", EXECUTOR_COLUMNS),
        costs,
        executor.value if executor is not Executor.ANY else "",
    )
    wish = Wish(
        start_within_seconds=within,
        ticks=ticks,
        tick_memory=tick_memory_of(document, costs[0].dagster_version),
        memory_headroom=memory_headroom,
        acceptable_loss_seconds=loss,
        ceiling=ceiling,
    )
    sized = recommend(costs, demand, wish, _origin(document, costs, demand, location, force), priced)
    if out is not None:
        write_sizing(out, sized)
        for name, text in render_configs(sized).items():
            ResultFolder(out).write_text(name, text)
    page = None if out is None else _page(out)
    if output is Format.JSON:
        typer.echo(sized.model_dump_json(indent=2))
    else:
        print_sizing(sized, console)
        if out is not None:
            report = "" if page is None else f"   report: {page}"
            console.print(
                f"\nsize: {out / SIZING_FILE}{report}   configuration to paste: beside it   "
                f"next: dagster-sizing try {out}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )


def _origin(
    document: ResultDocument, costs: Sequence[Costs], demand: Demand, location: str, force: bool
) -> Origin:
    warnings = check_reach(costs, demand.binding(weights_of(costs)).total, force)
    if document.validity.state != "valid":
        warnings = (f"the result is {document.validity.state}; sized with --force", *warnings)
    return Origin(
        result=document.name,
        stack=document.stack,
        scenario=document.scenario,
        harness_version=harness.__version__,
        created_at=timestamp(),
        location=location,
        warnings=warnings,
        forced=force and bool(warnings),
    )


def _page(out: Path) -> Path | None:
    from harness.cli.pages import page_or_warning  # pictures take a second to import

    return page_or_warning(out)


def _check_options(
    burst_headroom: float, memory_headroom: float, quantile: float, ticks: int, max_cpus: float
) -> None:
    if not 1 <= burst_headroom < math.inf:
        raise InputError(f"--burst-headroom {burst_headroom:g}: at least 1 is expected")
    if not 0 <= memory_headroom <= 1:
        raise InputError(f"--memory-headroom {memory_headroom:g}: 0 to 1 is expected, such as 0.05")
    if not 0.5 <= quantile < 1:
        raise InputError(f"--quantile {quantile:g}: at least 0.5 and less than 1 is expected, such as 0.999")
    if ticks < 0:
        raise InputError(f"--ticks {ticks}: 0 or more is expected")
    if not max_cpus > 0:
        raise InputError(f"--max-cpus {max_cpus:g}: more than 0 is expected")


def _rate(runs_per_hour: float) -> float:
    if not 0 < runs_per_hour < float("inf"):
        raise InputError("--runs-per-hour: a number greater than 0 is expected")
    return runs_per_hour

"""`dagster-sizing size`: from measured constants and a demand to a size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

import harness
from harness.cli.demand_file import mix_of
from harness.cli.option_groups import with_groups
from harness.cli.options import format_option, seconds_of
from harness.cli.prices_file import read_prices
from harness.cli.progress import make_console
from harness.cli.size_options import (
    AssumptionOptions,
    DemandOptions,
    Executor,
    LimitOptions,
    MeasuredOptions,
)
from harness.errors import InputError
from harness.report.configuration import render_configs
from harness.report.renderers import Format, print_document
from harness.results.demand_document import history_amiss
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.results.sizing_document import SIZING_FILE, SizingDocument, write_sizing
from harness.results.timestamp import timestamp
from harness.sizing.arrivals import Stream
from harness.sizing.beyond import BEYOND_COLUMNS, seconds_beyond_run
from harness.sizing.companions import companion_records, companions_of
from harness.sizing.costs import EXECUTOR_COLUMNS, Costs, check_executor, costs_of, tick_memory_of
from harness.sizing.demand import FEWEST_RUNS, Demand, demand_of_history, demand_of_streams
from harness.sizing.leaks import leaks_of
from harness.sizing.placement import BURSTS, REPLICAS, Placement, Share, placement_of, shares
from harness.sizing.present import present_of
from harness.sizing.recommend import Origin, Wish, check_reach, recommend, weights_of

SEED = 1


@with_groups
def size(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Result folder with the constants.")],
    demanded: DemandOptions,
    assumed: AssumptionOptions,
    limits: LimitOptions,
    measured: MeasuredOptions,
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
    output: Annotated[Format, format_option("size")] = Format.TABLE,
) -> None:
    """Compute memory, CPUs, workers, the cap on runs and replicas for a demand, from measured constants.

    The demand is told in one of three ways: `--run-duration 45s --runs-per-hour 200`, a mix of jobs in a
    file, or a run history. Every term of the sum is shown. Three numbers each: lower, target, upper; the
    target is what to deploy. `--out` keeps it; `dagster-sizing try` then runs that size to show that it
    holds, and where it breaks.
    """
    assumed.check()
    ceiling = limits.ceiling
    demanded.check()
    if out is not None and ResultFolder(out).exists:
        raise InputError(f"--out {out}: holds a measured result; choose another folder")
    folder = ResultFolder(result)
    document = folder.read_document()
    within, loss = assumed.start_within_seconds, assumed.acceptable_loss_seconds
    priced = None if limits.prices is None else read_prices(limits.prices)
    placement = _placement(measured.placement)
    costs, demands, location = _demands(folder, document, demanded, assumed, measured, shares(placement))
    executor = "" if measured.executor is Executor.ANY else measured.executor.value
    check_executor(folder.columns("processes", EXECUTOR_COLUMNS), costs, executor)
    wish = Wish(
        start_within_seconds=within,
        ticks=assumed.ticks,
        tick_memory=tick_memory_of(document, costs[0].dagster_version),
        memory_headroom=assumed.memory_headroom,
        acceptable_loss_seconds=loss,
        ceiling=ceiling,
        ticks_per_hour=assumed.all_ticks_per_hour,
        restart_hours=assumed.restart_hours,
        cap=assumed.max_concurrent_runs,
    )
    most = demands[0].target.total
    runs = min(most, assumed.max_concurrent_runs or most)
    warnings = (*demands[0].warnings, *check_reach(costs, runs, measured.force))
    origin = _origin(document, warnings, location, measured.force)
    sized = recommend(costs, demands, wish, origin, placement, priced, leaks_of(document, costs))
    beside = companion_records(
        companions_of(document, costs),
        demands[0].target.total,
        sum(demands[0].launches_at_most),
        assumed.all_ticks_per_hour / 3600,
        wish.start_within_seconds,
        wish.memory_headroom,
    )
    sized = sized.model_copy(update={"companions": beside, "present": present_of(document)})
    page = None if out is None else _write(sized, out)
    console = make_console()
    print_document("size", output, sized, console=console)
    if out is not None and output is Format.TABLE:
        report = "" if page is None else f"   report: {page}"
        console.print(
            f"\nsize: {out / SIZING_FILE}{report}   configuration to paste: beside it   "
            f"next: dagster-sizing try {out}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _demands(
    folder: ResultFolder,
    document: ResultDocument,
    told: DemandOptions,
    assumed: AssumptionOptions,
    measured: MeasuredOptions,
    of_each: Sequence[Share],
) -> tuple[Sequence[Costs], Sequence[Demand], str]:
    """The costs of each kind of run, the demand in them of each share, and the code location of a history."""
    beyond = seconds_beyond_run(folder.columns("runs", BEYOND_COLUMNS))
    version, force = measured.dagster_version, measured.force
    peak = (assumed.burst_headroom, assumed.return_days)
    if told.jobs is not None:
        mixed, streams = mix_of(document, told.jobs, version, force, beyond)
        weights = weights_of(mixed)
        return mixed, [demand_of_streams(streams, weights, *peak, share) for share in of_each], told.location
    costs = (costs_of(document, measured.workload, version, force),)
    weights = weights_of(costs)
    if not told.history:
        duration = seconds_of("--run-duration", told.run_duration)
        stream = Stream(0, duration, _rate(told.runs_per_hour), beyond)
        return costs, [demand_of_streams([stream], weights, *peak, share) for share in of_each], told.location
    from harness.cli.run_source import counting, read_runs, runs_of_location

    with counting(Console(stderr=True)) as say:
        history = read_runs(told.history, told.token_env, told.token_header, told.days, say)
    runs, location = runs_of_location(history.runs, told.history, told.location)
    starts, ends = runs["start"].to_numpy(float), runs["end"].to_numpy(float)
    if len(starts) < FEWEST_RUNS:
        found = "1 run" if len(starts) == 1 else f"{len(starts)} runs"
        raise InputError(
            f"{told.history}: {found} of {location or 'it'} are too few to tell a rate, for which at least "
            f"{FEWEST_RUNS} are needed: read more days, or give --run-duration and --runs-per-hour"
        )
    kinds = np.zeros(len(runs))
    demands = [
        demand_of_history(starts, ends, kinds, beyond, weights, *peak, SEED, share) for share in of_each
    ]
    amiss = history_amiss(history.left_out, history.alike)
    told_of = tuple(f"{told.history}: {line}" for line in amiss)
    return costs, [replace(one, warnings=(*one.warnings, *told_of)) for one in demands], location


def _placement(result: Path | None) -> Placement | None:
    if result is None:
        return None
    folder = ResultFolder(result)
    document = folder.read_document()
    return placement_of(document, folder.columns("bursts", BURSTS), folder.columns("replicas", REPLICAS))


def _origin(document: ResultDocument, warnings: tuple[str, ...], location: str, force: bool) -> Origin:
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


def _write(sized: SizingDocument, out: Path) -> Path | None:
    """Write the size, configuration to paste and the page; the page's path where it could be written."""
    write_sizing(out, sized)
    for name, text in render_configs(sized).items():
        ResultFolder(out).write_text(name, text)
    from harness.cli.pages import page_or_warning  # pictures take a second to import

    return page_or_warning(out)


def _rate(runs_per_hour: float) -> float:
    if not 0 < runs_per_hour < float("inf"):
        raise InputError("--runs-per-hour: a number greater than 0 is expected")
    return runs_per_hour

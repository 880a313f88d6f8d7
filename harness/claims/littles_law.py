"""Average concurrency is duration times rate, with the duration of the run history."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Number
from harness.claims.figures import column, told
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.model.intervals import Estimate, NotEstimable, estimate_mean

EXPERIMENT = "arrivals"
GUIDE_SECONDS = 45.0
"""The guide's own example of a run's duration."""
BOUNDS = Bounds(supports=(0.9, 1.1), refutes=((1.25, UNBOUNDED),))


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How much longer a run's process is up than its history says that the run lasted."""
    result = measured[EXPERIMENT]
    runs = _timed(result)
    if runs.empty:
        return Decision("inconclusive", "no run has both its start and its end")
    overhead = _mean_of_bursts(runs, "beyond")
    if isinstance(overhead, NotEstimable):
        return Decision("inconclusive", overhead.reason)
    ratio = _ratio(overhead)
    verdict = by_interval(ratio, BOUNDS)
    source = f"{EXPERIMENT}: runs.process_started..process_exited less run_start..run_end"
    numbers = [
        Number.of("process up beyond the run", overhead, "seconds", source),
        Number.of("true / formula at 45 s", ratio, "", source),
        Number(
            "bias of 10 % below",
            10 * overhead.value,
            10 * overhead.low,
            10 * overhead.high,
            "seconds",
            overhead.n,
            source,
        ),
    ]
    evidence = (
        f"from reporting its start to its exit a run's process is up {told(overhead)} s longer than its "
        f"history says: {told(ratio, 3)} times the formula for runs of 45 s, over 10 % off below "
        f"{10 * overhead.value:.1f} s"
    )
    existing = _mean_of_bursts(runs, "existing")
    if isinstance(existing, Estimate):
        born = f"{EXPERIMENT}: processes.created (role run)..runs.process_exited less run_start..run_end"
        numbers += [
            Number.of("process in existence beyond the run", existing, "seconds", born),
            Number.of("true / formula at 45 s, from the process's creation", _ratio(existing), "", born),
        ]
        evidence += (
            f"; counted from the process's creation it is {told(existing)} s, over 10 % off below "
            f"{10 * existing.value:.0f} s"
        )
    more, averages = _averages(result, runs)
    return Decision(verdict, evidence + averages, (*numbers, *more))


def _timed(result: Measured) -> pd.DataFrame:
    """Runs with the seconds their process was `up`, the run `lasted`, and the former `beyond` the latter;
    `existing` is the same from the process's creation, nan where no reading saw it."""
    runs = result.rows("runs")
    up = column(runs, "process_exited_epoch_seconds") - column(runs, "process_started_epoch_seconds")
    lasted = column(runs, "run_end_epoch_seconds") - column(runs, "run_start_epoch_seconds")
    runs = runs.assign(up=up, lasted=lasted, beyond=up - lasted, existing=np.nan)
    processes = result.rows("processes")
    if len(runs) and {"role", "pid", "created_epoch_seconds"} <= set(processes) and "pid" in runs:
        key = ["cell_id", "burst", "pid"]
        own = (
            processes[processes["role"] == "run"].groupby(key, as_index=False)["created_epoch_seconds"].min()
        )
        born = runs[key].merge(own, how="left", on=key)["created_epoch_seconds"].to_numpy(float)
        runs["existing"] = column(runs, "process_exited_epoch_seconds") - born - lasted
    timed: pd.DataFrame = runs[np.isfinite(runs["beyond"].to_numpy(float))]
    return timed


def _mean_of_bursts(runs: pd.DataFrame, name: str) -> Estimate | NotEstimable:
    return estimate_mean(runs.groupby(["cell_id", "burst"])[name].mean().to_numpy(float))


def _ratio(overhead: Estimate) -> Estimate:
    value, low, high = (1 + one / GUIDE_SECONDS for one in (overhead.value, overhead.low, overhead.high))
    return Estimate(value, low, high, overhead.n)


def _averages(result: Measured, runs: pd.DataFrame) -> tuple[tuple[Number, ...], str]:
    """Time-averaged number of processes up from release to drained, and rate × duration over that time."""
    key = ["cell_id", "burst"]
    bursts = result.bursts()
    sums = runs.groupby(key, as_index=False)[["up", "lasted"]].sum().merge(bursts, on=key)
    window = column(sums, "window_seconds")
    true, formula = (estimate_mean(column(sums, name) / window) for name in ("up", "lasted"))
    if isinstance(true, NotEstimable) or isinstance(formula, NotEstimable):
        return (), ""
    source = f"{EXPERIMENT}: runs, over bursts.window_seconds"
    numbers = (
        Number.of("processes up, time-averaged", true, "runs", source),
        Number.of("rate × duration", formula, "runs", source),
    )
    return numbers, f"; on average {told(true)} were up where rate × duration says {told(formula)}"


CLAIM = Claim(
    id="littles-law",
    says="avg_concurrent = (avg_run_duration_seconds / 3600) * runs_per_hour",
    doubt="The law is a theorem, but the duration in the run history leaves out the time in which the run's "
    "process starts, imports and ends; it takes up memory then too.",
    experiments=(EXPERIMENT,),
    rule="(45 s + overhead) / 45 s, where 45 s is the guide's example and overhead the time from process "
    "start to exit beyond that from run start to end (mean of each burst): supported if its 95 % interval "
    "lies within 0.9 to 1.1, refuted if wholly above 1.25.",
    decide=decide,
    bounds=BOUNDS,
    advice="Add the seconds in which a process exists before and after its run to the duration; the shorter "
    "the runs, the more they weigh.",
)

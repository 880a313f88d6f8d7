"""With as many gRPC workers as runs, the pool is never the bottleneck."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Number
from harness.claims.cell_choice import by_workers
from harness.claims.figures import column, told
from harness.claims.measured import Measured
from harness.claims.rules import unanimous
from harness.model.intervals import NotEstimable, estimate_mean
from harness.model.ratios import ratio_of_means

EXPERIMENT = "pool"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst of runs with sensors beside them: did the sensors take turns for want of a thread?"""
    result = measured[EXPERIMENT]
    (few, few_cell), (many, many_cell) = by_workers(result)
    short, ample = result.bursts(few_cell), result.bursts(many_cell)
    if not len(short) or not (column(short, "level") <= few).all():
        return Decision("inconclusive", f"no bursts of at most {few} runs on {few} workers")
    free = column(ample, "tick_concurrency_peak")
    if not len(free) or not (free > few).all():
        return Decision(
            "inconclusive", f"on {many} workers, too, at most {few} sensors at once: nothing to hold"
        )
    names = ("ticks", "ticks_evaluated", "tick_concurrency_peak")
    outcomes = [
        _unhindered(ticks, evaluated, peak, few)
        for ticks, evaluated, peak in zip(*(column(short, name) for name in names), strict=True)
    ]
    numbers: list[Number] = []
    for workers, rows in ((few, short), (many, ample)):
        for name, field in (
            ("slowest tick", "tick_seconds_max"),
            ("slowest launch", "launch_answer_max_seconds"),
        ):
            mean = estimate_mean(column(rows, field))
            if not isinstance(mean, NotEstimable):
                source = f"{EXPERIMENT}: bursts.{field}"
                numbers.append(Number.of(f"{name}, {workers} workers", mean, "seconds", source))
    slower = ratio_of_means(column(short, "tick_seconds_max"), column(ample, "tick_seconds_max"))
    launch = ratio_of_means(
        column(short, "launch_answer_max_seconds"), column(ample, "launch_answer_max_seconds")
    )
    most, runs, ticks = (float(column(short, name).max()) for name in (names[2], "level", "ticks"))
    evidence = (
        f"with {runs:.0f} runs on {few} workers and {ticks:.0f} sensor ticks at the same instant at most "
        f"{most:.0f} ticks were evaluated at once, on {many} workers up to {free.max():.0f}; the slowest "
        f"tick took {told(slower)} times as long as on {many} workers, the slowest launch {told(launch)} "
        "times"
    )
    return Decision(unanimous(outcomes), evidence, tuple(numbers))


def _unhindered(ticks: float, evaluated: float, peak: float, workers: int) -> bool | None:
    """False if ticks took turns on the workers; None where some were not evaluated."""
    if not evaluated == ticks > workers:
        return None
    return peak > workers


CLAIM = Claim(
    id="workers-ge-runs",
    says="Set DAGSTER_GRPC_MAX_WORKERS ≥ max_concurrent_runs so the gRPC thread pool is never the "
    "bottleneck.",
    doubt="Sensors, schedules and Pings take threads of the same pool, which the number of runs says nothing "
    "of; and a launch holds its thread only while the run starts.",
    experiments=(EXPERIMENT,),
    rule="Four runs on four workers and sixteen sensor ticks at the same instant. By burst: the pool held "
    "them back if all ticks were evaluated, but never more at once than there are workers. Supported if it "
    "did in no burst (at least 3), refuted if it did in every one; open unless with 32 workers more are at "
    "once.",
    decide=decide,
    advice="Count workers for launches that start at once plus sensor and schedule ticks that overlap, plus "
    "one for Pings; runs in progress need none.",
)

"""CPU is a base plus so much for each concurrent run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Number
from harness.claims.figures import at_level, column, ended, highest, told
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import Line, NotEstimable, estimate_line, estimate_mean
from harness.model.ratios import ratio_of_means

EXPERIMENT = "light"
BOUNDS = Bounds(supports=(0.85, 1.15), refutes=((-UNBOUNDED, 0.75), (1.3, UNBOUNDED)))


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Do the cores of one run alone, times the concurrency, give the cores of a burst?"""
    bursts = undisturbed(measured[EXPERIMENT].bursts())
    alone, many = at_level(bursts, 1), highest(bursts)
    if bursts.empty or alone.empty or len(alone) == len(bursts):
        return Decision("inconclusive", "bursts of one run alone and of several at once are needed")
    window, idle = column(bursts, "window_seconds"), column(bursts, "idle_cpu_cores")
    base = estimate_mean(idle)
    cores_alone = column(alone, "cpu_seconds") / column(alone, "window_seconds") - column(
        alone, "idle_cpu_cores"
    )
    of_one = estimate_mean(cores_alone)
    if isinstance(base, NotEstimable) or isinstance(of_one, NotEstimable):
        return Decision("inconclusive", f"one run alone: {told(of_one)}; idle: {told(base)}")
    predicted = base.value + of_one.value * column(many, "concurrency_peak")
    used = column(many, "cpu_seconds") / column(many, "window_seconds")
    # Both spreads count: that of the large bursts, and that of the runs alone, of which the formula is made.
    ratio = ratio_of_means(used, base.value + cores_alone * float(column(many, "concurrency_peak").mean()))
    source = f"{EXPERIMENT}: bursts.cpu_seconds / window_seconds"
    numbers = [
        Number.of("base CPU", base, "cores", f"{EXPERIMENT}: bursts.idle_cpu_cores"),
        Number.of("CPU of one run alone", of_one, "cores", f"{source} at level 1, less the idle share"),
    ]
    work = estimate_line(ended(bursts), column(bursts, "cpu_seconds") - idle * window, seed=1)
    if isinstance(work, Line):
        numbers.append(
            Number.of(
                "CPU-seconds per run",
                work.slope,
                "seconds",
                f"{EXPERIMENT}: slope of bursts.cpu_seconds, less the idle share, against runs ended",
            )
        )
    if isinstance(ratio, NotEstimable):
        return Decision("inconclusive", f"highest level: {ratio.reason}", tuple(numbers))
    verdict = by_interval(ratio, BOUNDS)
    numbers.append(Number.of("measured / predicted cores", ratio, "", f"{source} at the highest level"))
    evidence = (
        f"one run alone uses {told(of_one)} cores; {column(many, 'concurrency_peak').mean():.0f} at once use "
        f"{told(estimate_mean(used))} where the formula says {np.nanmean(predicted):.2f}: "
        f"measured / predicted is {told(ratio)}"
    )
    if isinstance(work, Line):
        evidence += f"; each run costs {told(work.slope)} CPU-seconds"
    return Decision(verdict, evidence, tuple(numbers))


CLAIM = Claim(
    id="cpu-linear",
    says="total_cpu = base_code_server_cpu + (avg_run_cpu × max_concurrent_runs)",
    doubt="Most of a light run's CPU goes into starting its process, so CPU follows launches, not "
    "concurrency; and a burst that wants more than there is takes longer instead.",
    experiments=(EXPERIMENT,),
    rule="avg_run_cpu is the mean cores of one run alone, less the idle server's, from release to drained. "
    "Measured mean cores of the largest bursts over base + avg_run_cpu × observed concurrency: supported if "
    "the 95 % interval of the ratio, the spread of both included, lies within 0.85 to 1.15, refuted if "
    "wholly below 0.75 or above 1.3.",
    decide=decide,
    bounds=BOUNDS,
    advice="Count CPU-seconds: cores = base + launches per second × CPU-seconds per run. CPU follows "
    "launches, not concurrency; too few cores make a burst start more slowly.",
)

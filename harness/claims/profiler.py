"""A profiling asset measures a run's peak memory."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Number
from harness.claims.figures import MIB, at_level, column, told, told_mib
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import Estimate, NotEstimable, estimate_line
from harness.model.linear import Array

EXPERIMENT = "profiler"
BOUNDS = Bounds(supports=(0.9, 1.1), refutes=((-UNBOUNDED, 0.8), (1.25, UNBOUNDED)))


def decide(measured: Mapping[str, Measured]) -> Decision:
    """The larger of the asset's two figures against the memory that a run adds to the cgroup."""
    bursts = undisturbed(measured[EXPERIMENT].bursts())
    line = estimate_line(column(bursts, "concurrency_peak"), column(bursts, "memory_peak_bytes"), seed=1)
    if isinstance(line, NotEstimable):
        return Decision("inconclusive", line.reason)
    whole = line.slope
    alone, runs = at_level(bursts, 1), measured[EXPERIMENT].rows("runs")
    if len(runs):
        runs = runs.merge(alone[["cell_id", "burst"]], on=["cell_id", "burst"])
    grown, traced = (_reported(runs, name) for name in ("rss_delta_mib", "traced_peak_mib"))
    if not len(grown) or not len(traced):
        return Decision("inconclusive", "the profiling asset reported nothing from a run alone")
    if whole.low <= 0:
        return Decision("inconclusive", f"memory per run is not told from zero: {told_mib(whole)}")
    reported = MIB * max(float(grown.mean()), float(traced.mean()))
    n = min(len(grown), len(traced), whole.n)
    share = Estimate(reported / whole.value, reported / whole.high, reported / whole.low, n)
    verdict = by_interval(share, BOUNDS)
    evidence = (
        f"the asset reports {grown.mean():.1f} MiB (change of RSS) and {traced.mean():.1f} MiB "
        f"(tracemalloc), {len(grown)} runs alone; a run really adds {told_mib(whole)}: the asset sees "
        f"{told(share)} of it"
    )
    source = f"{EXPERIMENT}: runs.metadata of level 1"
    numbers = (
        Number("change of RSS", MIB * float(grown.mean()), None, None, "bytes", len(grown), source),
        Number("traced peak", MIB * float(traced.mean()), None, None, "bytes", len(traced), source),
        Number.of(
            "memory per run",
            whole,
            "bytes",
            f"{EXPERIMENT}: slope of bursts.memory_peak_bytes against concurrency_peak",
        ),
        Number.of("reported / measured", share, "", f"{EXPERIMENT}: runs.metadata over that slope"),
    )
    return Decision(verdict, evidence, numbers)


def _reported(runs: pd.DataFrame, name: str) -> Array:
    """What the runs reported under `name`; those that reported nothing are left out; shape (n,)."""
    told_by_runs = [json.loads(text) for text in runs.get("metadata", ()) if isinstance(text, str) and text]
    figures = np.array([float(one.get(name, np.nan)) for one in told_by_runs], dtype=float)
    return np.asarray(figures[np.isfinite(figures)])


CLAIM = Claim(
    id="profiler",
    says="Run one job in isolation and measure its peak resource usage with a dedicated profiling asset "
    "(tracemalloc and the change of RSS)",
    doubt="The asset starts to measure when the run's process is up and everything is imported; of a light "
    "run that process is most of the cost.",
    experiments=(EXPERIMENT,),
    rule="The larger of the asset's two figures (means over runs alone) over the memory that each run adds "
    "to the cgroup's peak: supported if the ratio, with the 95 % interval of the memory per run, lies within "
    "0.9 to 1.1, refuted if wholly below 0.8 or above 1.25.",
    decide=decide,
    bounds=BOUNDS,
    advice="Measure from outside: the cgroup's peak at several concurrencies, and take the slope. Or add to "
    "the asset's figure what a run costs that does nothing.",
)

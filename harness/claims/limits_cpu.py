"""A single server holds about 4 to 8 CPU-bound runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Needs, Number
from harness.claims.figures import at_level, column, ended, told
from harness.claims.limits import FINE, STRETCHED
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.model.intervals import NotEstimable
from harness.model.linear import Array
from harness.model.ratios import ratio_of_means

EXPERIMENT = "cpu"
LOWEST = 4
"""Lower end of the row's range: up to it one server shall do."""
BOUNDS = Bounds(supports=(-UNBOUNDED, FINE), refutes=((STRETCHED, UNBOUNDED),))


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How much longer do the runs of the row's lower end take than one alone?"""
    bursts = measured[EXPERIMENT].bursts()
    alone, many = at_level(bursts, 1), at_level(bursts, LOWEST)
    lost = column(many, "launches") - column(many, "runs_succeeded")
    if (lost > 0).any():
        return Decision("inconclusive", f"{np.nansum(lost):.0f} runs failed: they say nothing of the CPU")
    stretch = ratio_of_means(_seconds(many), _seconds(alone))
    if isinstance(stretch, NotEstimable):
        return Decision("inconclusive", f"bursts of 1 and {LOWEST} runs: {stretch.reason}")
    cores = measured[EXPERIMENT].cells[0].cpus
    evidence = (
        f"{LOWEST} runs at once on {cores:g} cores took {told(stretch)} times as long as one alone "
        f"({len(many)} bursts)"
    )
    source = f"{EXPERIMENT}: bursts.run_seconds / runs ended"
    return Decision(
        by_interval(stretch, BOUNDS),
        evidence,
        (Number.of(f"length of runs at {LOWEST} / alone", stretch, "", source),),
    )


def _seconds(bursts: pd.DataFrame) -> Array:
    """Mean length of a burst's runs; shape (n,)."""
    return column(bursts, "run_seconds") / ended(bursts)


CLAIM = Claim(
    id="limits-cpu",
    says="Mostly CPU-bound | ~4–8 concurrent | 3–4 smaller replicas",
    doubt="Runs that compute share the cores, not a lock: how many go on unhampered is the number of cores.",
    experiments=(EXPERIMENT,),
    rule="The row names no size, so that the guide's smallest one (2 vCPU) must hold its lower end. Mean "
    "length of the runs in bursts of 4 over that of one alone: supported if the 95 % interval of the ratio "
    "ends at or below 1.25, refuted if it begins at or above 1.5.",
    decide=decide,
    bounds=BOUNDS,
    advice="Take the limit from the cores: cores / cores that one run uses. Above it runs take longer in "
    "proportion, on replicas of the same cores as well.",
    needs=Needs(cpus=2),
)

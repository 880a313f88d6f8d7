"""A cap on concurrent runs prevents the OOM kill, when steps are processes of their own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Number
from harness.claims.figures import column
from harness.claims.losses import EXPECTS, NEEDS
from harness.claims.measured import Measured
from harness.claims.oom import hit
from harness.claims.rules import unanimous

EXPERIMENT = "cap-steps"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst: was the limit hit although no more runs than the cap were in progress?"""
    bursts = measured[EXPERIMENT].bursts()
    cap = measured[EXPERIMENT].cells[0].max_concurrent_runs or 0
    struck, peak = hit(bursts), column(bursts, "concurrency_peak")
    whole = column(bursts, "runs_succeeded") == column(bursts, "launches")
    outcomes = [
        None if at_once > cap else (False if hard else (True if succeeded else None))
        for hard, succeeded, at_once in zip(struck, whole, peak, strict=True)
    ]
    processes = float(np.nanmax(column(bursts, "processes_peak"))) if len(bursts) else float("nan")
    source = f"{EXPERIMENT}: bursts"
    numbers = (
        Number("bursts that hit the limit", int(struck.sum()), None, None, "bursts", len(bursts), source),
        Number("most processes at once", processes, None, None, "processes", len(bursts), source),
    )
    evidence = (
        f"under a cap of {cap} runs, each of four steps at once, {int(struck.sum())} of {len(bursts)} "
        f"bursts hit the limit and {np.nansum(column(bursts, 'runs_succeeded')):.0f} of "
        f"{np.nansum(column(bursts, 'launches')):.0f} runs succeeded; up to {processes:.0f} processes at "
        "once"
    )
    return Decision(unanimous(outcomes), evidence, numbers)


CLAIM = Claim(
    id="cap-prevents-oom-steps",
    says="Cap concurrency in Dagster to match your task capacity. Without this, ECS will OOM-kill the task "
    "under burst load (runs with Dagster's default executor)",
    doubt="The default executor starts a process for each step: a cap on runs does not count them.",
    experiments=(EXPERIMENT,),
    rule="Four runs of four parallel steps each, under the cap of three with which one-process runs stay "
    "below a smaller limit; one run alone fits. Supported if no burst (at least 3) hits the limit and all "
    "runs succeed, refuted if every one hits it; a burst of more runs at once than the cap leaves it open.",
    decide=decide,
    advice="Cap steps too (the executor's max_concurrent, or concurrency pools), or count a run as one "
    "process plus one for each step it has at once.",
    needs=NEEDS,
    expects=EXPECTS,
)

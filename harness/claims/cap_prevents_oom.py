"""A cap on concurrent runs prevents the OOM kill under a burst."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Number
from harness.claims.figures import MIB, column
from harness.claims.losses import EXPECTS, NEEDS
from harness.claims.measured import Measured
from harness.claims.oom import hit
from harness.claims.rules import LEAST_BURSTS, unanimous

FREE, CAPPED = "uncapped", "cap"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """The same burst with and without a cap that the memory holds."""
    free, capped = measured[FREE].bursts(), measured[CAPPED].bursts()
    without, with_cap = hit(free), hit(capped)
    if len(without) < LEAST_BURSTS or not without.all():
        return Decision(
            "inconclusive",
            f"without a cap {int(without.sum())} of {len(without)} bursts hit the limit: nothing to prevent",
        )
    whole = column(capped, "runs_succeeded") == column(capped, "launches")
    outcomes = [
        False if struck else (True if succeeded else None)
        for struck, succeeded in zip(with_cap, whole, strict=True)
    ]
    cap = measured[CAPPED].cells[0].max_concurrent_runs
    peak = float(np.nanmax(column(capped, "memory_peak_bytes"))) if len(capped) else float("nan")
    done = {
        name: np.nansum(column(rows, "runs_succeeded")) for name, rows in ((FREE, free), (CAPPED, capped))
    }
    numbers = (
        Number(
            "bursts that hit the limit, no cap", int(without.sum()), None, None, "bursts", len(free), FREE
        ),
        Number(
            f"bursts that hit the limit, cap of {cap}",
            int(with_cap.sum()),
            None,
            None,
            "bursts",
            len(capped),
            f"{CAPPED}: bursts.oom_kills, lost_cause",
        ),
        Number("highest peak with the cap", peak, None, None, "bytes", len(capped), f"{CAPPED}: bursts"),
    )
    launched = {FREE: column(free, "launches"), CAPPED: column(capped, "launches")}
    evidence = (
        f"without a cap {int(without.sum())} of {len(free)} bursts hit the limit and {done[FREE]:.0f} of "
        f"{np.nansum(launched[FREE]):.0f} runs succeeded, with a cap of {cap} runs {int(with_cap.sum())} of "
        f"{len(capped)} bursts did and {done[CAPPED]:.0f} of {np.nansum(launched[CAPPED]):.0f} runs "
        f"succeeded; memory then stayed below {peak / MIB:,.0f} MiB"
    )
    return Decision(unanimous(outcomes), evidence, numbers)


CLAIM = Claim(
    id="cap-prevents-oom",
    says="Cap concurrency in Dagster to match your task capacity. Without this, ECS will OOM-kill the task "
    "under burst load",
    doubt="The cap counts runs in Dagster's records; what takes memory are processes, which are there before "
    "and after.",
    experiments=(FREE, CAPPED),
    rule="The same bursts of one-process runs without a cap and with one that the memory limit holds: "
    "supported if every burst (at least 3) hits the limit without the cap and none with it, and all capped "
    "runs succeed; refuted if every capped burst hits it.",
    decide=decide,
    advice="Compute the cap from (memory - base) / memory per run, and leave room for the processes of runs "
    "that have just ended.",
    needs=NEEDS,
    expects=EXPECTS,
)

"""num_queued_requests above 0 tells that there are too few gRPC workers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.claims.base import Claim, Decision, Number, Verdict
from harness.claims.cells import by_workers
from harness.claims.figures import column
from harness.claims.measured import Measured
from harness.claims.rules import LEAST_BURSTS
from harness.model.linear import Array

EXPERIMENTS = ("workers", "pool")
MISSED = 0.5
"""Share of the bursts in which a signal that is silent, or false, is no signal."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Does the figure rise above 0 where requests exceed the workers, and stay at 0 where they do not?"""
    alarms: dict[bool, list[bool]] = {True: [], False: []}
    waits: dict[bool, list[Array]] = {True: [], False: []}
    counted: list[pd.DataFrame] = []
    for name in EXPERIMENTS:
        result = measured[name]
        for short, (_, cell) in zip((True, False), by_workers(result), strict=True):
            pings = result.rows("pings", cell)
            counted.append(pings)
            waits[short].append(column(pings, "answered_epoch_seconds") - column(pings, "sent_epoch_seconds"))
            for burst in column(result.bursts(cell), "burst"):
                said = column(pings[pings["burst"] == burst], "num_queued_requests")
                if np.isfinite(said).any():
                    alarms[short].append(bool((said[np.isfinite(said)] > 0).any()))
    right, false = sum(alarms[True]), sum(alarms[False])
    shorts, amples = len(alarms[True]), len(alarms[False])
    verdict: Verdict = "inconclusive"
    if min(shorts, amples) >= LEAST_BURSTS:
        if right == shorts and not false:
            verdict = "supported"
        elif right <= MISSED * shorts or false >= MISSED * amples:
            verdict = "refuted"
    slowest = {short: _largest(np.concatenate(seen)) for short, seen in waits.items()}
    pings = pd.concat(counted, ignore_index=True)
    runs, running = (_largest(column(pings, name)) for name in ("runs_in_progress", "num_running_requests"))
    evidence = (
        f"it rose above 0 in {right} of {shorts} bursts with more requests than workers and in {false} of "
        f"{amples} with workers for all; a Ping took up to {slowest[True]:.1f} s in the former, "
        f"{slowest[False]:.1f} s in the latter; with up to {runs:.0f} runs in progress it told of "
        f"{running:.0f} running requests"
    )
    source = "workers, pool: pings"
    numbers = (
        Number("bursts with the signal, too few workers", right, None, None, "bursts", shorts, source),
        Number("bursts with the signal, enough workers", false, None, None, "bursts", amples, source),
        Number("slowest Ping, too few workers", slowest[True], None, None, "seconds", len(pings), source),
        Number("slowest Ping, enough workers", slowest[False], None, None, "seconds", len(pings), source),
    )
    return Decision(verdict, evidence, tuple(number for number in numbers if np.isfinite(number.value)))


def _largest(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else float("nan")


CLAIM = Claim(
    id="queued-signal",
    says="num_queued_requests > 0 consistently means your DAGSTER_GRPC_MAX_WORKERS is too low or your task "
    "is undersized.",
    doubt="The figure comes in the reply to a Ping, which itself waits for a thread while the pool is full, "
    "and may then tell of a queue that is gone.",
    experiments=EXPERIMENTS,
    rule="Bursts of more requests than workers, and of workers for all (at least 3 each), pinged four "
    "times a second. Supported if some Ping of every one of the former tells of queued requests and none "
    "of the latter does; refuted if at most half of the former do or at least half of the latter.",
    decide=decide,
    advice="Watch how long the Ping takes: while the pool is full it waits as well, and little is told. And "
    "count runs in progress from the run history, as these metrics leave them out.",
)

"""num_queued_requests that stays above 0 tells that there are too few gRPC workers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.claims.base import Claim, Decision, Number, Verdict
from harness.claims.cell_choice import by_workers
from harness.claims.figures import column
from harness.claims.measured import Measured
from harness.claims.rules import LEAST_BURSTS
from harness.model.linear import Array

EXPERIMENT = "pool"
CONSISTENT = 0.25
"""Share of the time with requests in progress: told of a queue for so long, an operator sees it."""
MISSED = 0.5
"""Share of the bursts in which a signal that is silent, or false, is no signal."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Is a queue told of where requests exceed the workers, and none where they do not?"""
    result = measured[EXPERIMENT]
    cells = zip((True, False), by_workers(result), strict=True)
    pings = {few: result.rows("pings", cell) for few, (_, cell) in cells}
    told = {few: _shares(rows) for few, rows in pings.items()}
    short, ample = told[True], told[False]
    right, false = int((short >= CONSISTENT).sum()), int((ample >= CONSISTENT).sum())
    slowest = {few: _largest(_took(rows)) for few, rows in pings.items()}
    runs, running = _beside_runs(pd.concat(pings.values(), ignore_index=True))
    evidence = (
        f"it told of a queue in {right} of {len(short)} bursts with more requests than workers (for "
        f"{_range(short)} of the time with requests in progress) and in {false} of {len(ample)} with "
        f"workers for all ({_range(ample)}); a Ping took up to {slowest[True]:.1f} s in the former, "
        f"{slowest[False]:.1f} s in the latter; with {runs:.0f} runs and no other request in progress it "
        f"told of {running:.0f} running requests, the Ping itself among them"
    )
    source = f"{EXPERIMENT}: pings"
    numbers = (
        Number("bursts with the signal, too few workers", right, None, None, "bursts", len(short), source),
        Number("bursts with the signal, enough workers", false, None, None, "bursts", len(ample), source),
        Number(
            "slowest Ping, too few workers", slowest[True], None, None, "seconds", len(pings[True]), source
        ),
        Number(
            "slowest Ping, enough workers", slowest[False], None, None, "seconds", len(pings[False]), source
        ),
    )
    known = tuple(number for number in numbers if np.isfinite(number.value))
    return Decision(_judge(right, len(short), false, len(ample)), evidence, known)


def _judge(right: int, shorts: int, false: int, amples: int) -> Verdict:
    if min(shorts, amples) < LEAST_BURSTS:
        return "inconclusive"
    if right == shorts and not false:
        return "supported"
    return "refuted" if right <= MISSED * shorts or false >= MISSED * amples else "inconclusive"


def _shares(pings: pd.DataFrame) -> Array:
    """By burst: seconds of Pings that told of queued requests, over those from the first to the last Ping
    beside which requests were in progress; shape (n,). Bursts without such Pings are left out."""
    shares: list[float] = []
    for _, own in pings.groupby(["cell_id", "burst"]) if len(pings) else ():
        busy = own[(column(own, "requests_in_progress") > 0) & np.isfinite(_took(own))]
        if busy.empty:
            continue
        span = column(busy, "answered_epoch_seconds").max() - column(busy, "sent_epoch_seconds").min()
        shares.append(float(_took(busy)[column(busy, "num_queued_requests") > 0].sum() / span))
    return np.array(shares, dtype=float)


def _beside_runs(pings: pd.DataFrame) -> tuple[float, float]:
    """Most runs in progress at a Ping when no other request was, and the running requests told then."""
    quiet = pings[(column(pings, "requests_in_progress") == 0) & (column(pings, "runs_in_progress") > 0)]
    runs = column(quiet, "runs_in_progress")
    most = _largest(runs)
    return most, _largest(column(quiet, "num_running_requests")[runs == most])


def _took(pings: pd.DataFrame) -> Array:
    return column(pings, "answered_epoch_seconds") - column(pings, "sent_epoch_seconds")


def _largest(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else float("nan")


def _range(shares: Array) -> str:
    return f"{shares.min():.0%} to {shares.max():.0%}" if len(shares) else "an unknown share"


CLAIM = Claim(
    id="queued-signal",
    says="num_queued_requests > 0 consistently means your DAGSTER_GRPC_MAX_WORKERS is too low or your task "
    "is undersized.",
    doubt="The figure comes in the reply to a Ping, which itself waits for a thread while the pool is full, "
    "and may then tell of a queue that is gone.",
    experiments=(EXPERIMENT,),
    rule="Bursts of more requests than workers, and of workers for all (at least 3 each), pinged up to four "
    "times a second. A burst has the signal if Pings that tell of queued requests take up at least a quarter "
    "of the time in which requests were in progress. Supported if every one of the former has it and none of "
    "the latter, refuted if at most half of the former do or at least half of the latter.",
    decide=decide,
    advice="Use it for launches and ticks, and watch how long the Ping takes as well: while the pool is full "
    "it waits too, and readings are few. It leaves runs in progress out: count those from the run history.",
)

"""A single server holds about 10 to 15 concurrent runs of mixed I/O and CPU."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision
from harness.claims.limits import EXPECTS, decide_limit
from harness.claims.measured import Measured

EXPERIMENT = "mixed"
LIMIT = 15
LEAST_AT_ONCE = 16
LEAST_BURSTS = 2
"""Bursts this large are dear: two of them have to do."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Did bursts above the limit fail or stretch?"""
    return decide_limit(measured[EXPERIMENT], EXPERIMENT, LIMIT, LEAST_AT_ONCE, LEAST_BURSTS)


CLAIM = Claim(
    id="limits-mixed",
    says="Mixed I/O + CPU | ~10–15 concurrent | 2–3 replicas",
    doubt="Each run is a process with a lock of its own: how many fit depends on memory, and on the "
    "CPU-seconds per second that they need together.",
    experiments=(EXPERIMENT,),
    rule="By burst of more than 15 runs: it hit a limit if a run failed, or runs took over 1.5 times as long "
    "as they were meant to; it did not if it drained, all succeeded, at least 16 at once, in no more than "
    "1.25 times. Supported if every one (at least 2) hit a limit, refuted if none did, open if one lies "
    "between.",
    decide=decide,
    advice="Take the limit from memory per run, and from CPU-seconds per run × runs per second against the "
    "cores; a bare number of runs knows neither.",
    expects=EXPECTS,
)

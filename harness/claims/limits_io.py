"""A single server holds about 20 to 30 concurrent I/O-bound runs."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Needs
from harness.claims.limits import EXPECTS, decide_limit
from harness.claims.measured import Measured

EXPERIMENT = "many"
LIMIT = 30
LEAST_BURSTS = 2
"""Bursts this large are dear: two of them have to do."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Did bursts above the limit fail or stretch?"""
    return decide_limit(measured[EXPERIMENT], EXPERIMENT, LIMIT, LIMIT + 1, LEAST_BURSTS)


CLAIM = Claim(
    id="limits-io",
    says="Mostly I/O-bound | ~20–30 concurrent | Add a second replica",
    doubt="Waiting runs are processes that take memory and hardly any CPU: what limits them is the memory "
    "given, not a number.",
    experiments=(EXPERIMENT,),
    rule="By burst of more than 30 runs: it hit a limit if a run failed, or runs took over 1.5 times as "
    "long as meant; it did not if it drained, all succeeded, more than 30 at once, in no more than 1.25 "
    "times. Supported if every one (at least 2) hit a limit, refuted if none did, open if one lies between.",
    decide=decide,
    advice="Take the limit from memory: (memory - base) / memory per run. A second replica is for surviving "
    "a loss, not for concurrency.",
    expects=EXPECTS,
    needs=Needs(memory_bytes=int(6e9)),
)

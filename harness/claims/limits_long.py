"""A single server holds about 10 runs of more than 5 minutes."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision
from harness.claims.limits import EXPECTS, decide_limit
from harness.claims.measured import Measured

EXPERIMENT = "long"
LIMIT = 10
LEAST_BURSTS = 2
"""Bursts this long are dear: two of them have to do."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Did bursts above the limit fail or stretch?"""
    return decide_limit(measured[EXPERIMENT], EXPERIMENT, LIMIT, None, LEAST_BURSTS)


CLAIM = Claim(
    id="limits-long",
    says="Long-running (>5 min) | ~10 | Replicas for fault isolation",
    doubt="A run that waits costs no more in its fifth minute than in its first; what grows with its "
    "length is only what is lost with it.",
    experiments=(EXPERIMENT,),
    rule="By burst of more than 10 runs of 5 minutes: it hit a limit if a run failed, or runs took over "
    "1.5 times as long as meant; it did not if it drained, all succeeded, all at once, in no more than "
    "1.25 times. Supported if every one (at least 2) hit a limit, refuted if none did, open if one lies "
    "between.",
    decide=decide,
    advice="Take the limit from memory, as for short runs; decide on replicas by what a loss costs (see "
    "long-runs-replicas, replicas-isolate).",
    expects=EXPECTS,
)

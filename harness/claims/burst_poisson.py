"""2.5 times the average covers the peak, when runs arrive at random one by one."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision
from harness.claims.headroom import EXPERIMENT, RULE, SAYS, decide_headroom
from harness.claims.measured import Measured


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Single arrivals."""
    return decide_headroom(measured, batch=1)


CLAIM = Claim(
    id="burst-poisson",
    says=SAYS,
    doubt="Random arrivals spread as the root of their number: one factor is too little for a small average "
    "and too much for a large one; and a day has many instants at which it can be exceeded.",
    experiments=(EXPERIMENT,),
    rule=f"Runs arrive one by one at random. {RULE}",
    decide=decide,
    advice="Take a quantile of the day's peak for your own average instead of a factor: the smaller the "
    "average, the larger the factor. And cap the queue, so that a run above it waits.",
)

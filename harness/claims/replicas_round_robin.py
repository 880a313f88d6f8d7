"""Round-robin DNS spreads the requests evenly over replicas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.figures import column
from harness.claims.losses import EXPECTS
from harness.claims.measured import Measured
from harness.claims.rules import unanimous

EXPERIMENT = "replicas"
EVEN, UNEVEN = 0.5, 0.8
"""Share of a burst that the busiest of three replicas gets, where an even spread gives it a third."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst: which share of its runs went to the busiest replica?"""
    result = measured[EXPERIMENT]
    served = result.rows("replicas")
    if served.empty:
        return Decision("inconclusive", "no replica told of its runs")
    key = ["cell_id", "burst"]
    by_burst = served.assign(runs=column(served, "runs")).groupby(key)["runs"]
    known, busiest = (by_burst.sum().to_numpy(float), by_burst.max().to_numpy(float))
    bursts = result.bursts()
    launched = column(bursts, "launches")
    if len(known) != len(launched):
        return Decision("inconclusive", f"{len(known)} of {len(launched)} bursts tell which replica ran what")
    shares = busiest / np.where(launched > 0, launched, np.nan)
    outcomes = [_even(*one) for one in zip(shares, known, launched, strict=True)]
    totals = served.groupby("replica")["runs"].sum()
    each = ", ".join(f"{one:.0f} of {of:.0f}" for one, of in zip(busiest, launched, strict=True))
    evidence = (
        f"the busiest of {len(totals)} replicas got "
        f"{each} runs (by "
        f"burst); over all bursts the replicas got {', '.join(str(int(one)) for one in totals)}"
    )
    source = f"{EXPERIMENT}: replicas.runs over bursts.launches"
    numbers = (
        Number(
            "share of a burst on its busiest replica, mean",
            float(np.nanmean(shares)),
            None,
            None,
            "",
            len(shares),
            source,
        ),
    )
    return Decision(unanimous(outcomes), evidence, numbers)


def _even(share: float, known: float, launched: float) -> bool | None:
    """Whether a burst was spread; None between, and where it is not known which replica ran a run."""
    if known != launched:
        return None
    if share <= EVEN:
        return True
    return False if share >= UNEVEN else None


CLAIM = Claim(
    id="replicas-round-robin",
    says="With multiple replicas, the ECS agent distributes gRPC requests via round-robin DNS.",
    doubt="A name is looked up when a connection is made, and requests that overlap in time share one "
    "connection, and so one replica.",
    experiments=(EXPERIMENT,),
    rule="Bursts of six runs on three replicas behind one name (Docker's DNS, which answers with all of "
    "them): share of the runs on the burst's busiest replica. Even if at most one half, uneven if at least "
    "0.8. Supported if every burst (at least 3) was even, refuted if every one was uneven.",
    decide=decide,
    advice="Expect a whole burst on one replica, and size each replica for it; to balance, give replicas "
    "code locations of their own, or put a proxy between that balances gRPC requests rather than "
    "connections.",
    needs=Needs(containers=True, why="replicas behind one name"),
    expects=EXPECTS,
)

"""2.5 times the average covers the peak, when runs arrive in batches."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision
from harness.claims.headroom import EXPERIMENT, RULE, SAYS, decide_headroom
from harness.claims.measured import Measured

BATCH = 10
"""Runs that start at one instant, as schedules make them that fire on the hour."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Batches at random instants, with the same average."""
    decision = decide_headroom(measured, BATCH)
    if not decision.numbers:
        return decision
    evidence = f"{decision.evidence}; a batch alone is already a peak of {BATCH}, whatever the average"
    return Decision(decision.verdict, evidence, decision.numbers)


CLAIM = Claim(
    id="burst-bursty",
    says=SAYS,
    doubt="Schedules fire on the hour: the peak is then about the size of the batch, whatever the average.",
    experiments=(EXPERIMENT,),
    rule=f"Runs arrive {BATCH} at one instant, the batches at random. {RULE}",
    decide=decide,
    advice="Count the runs that your schedules and sensors start at one instant: size for that batch, or cap "
    "the queue below it.",
)

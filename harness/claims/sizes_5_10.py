"""2 vCPU and 4 to 8 GB hold 5 to 10 light runs."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision
from harness.claims.measured import Measured
from harness.claims.size_row import EXPECTS, decide_size, size_rule

EXPERIMENT = "light"
LEVEL = 10
MEMORY_BYTES = 4e9
"""The smaller end of the row."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """The most runs of the row on its smallest size."""
    return decide_size(measured[EXPERIMENT], EXPERIMENT, LEVEL, MEMORY_BYTES)


CLAIM = Claim(
    id="sizes-5-10",
    says="5–10 light runs | 2 vCPU / 4–8 GB | Good starting point",
    doubt="What a run takes depends on what it imports and holds; a row cannot know it.",
    experiments=(EXPERIMENT,),
    rule=size_rule(LEVEL, MEMORY_BYTES),
    decide=decide,
    advice="Compute the size from your own base and memory per run; the row may be far too large for light "
    "runs and too small for others.",
    expects=EXPECTS,
)

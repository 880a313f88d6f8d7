"""8 vCPU and 32 GB hold 25 to 50 runs."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Needs
from harness.claims.measured import Measured
from harness.claims.size_row import EXPECTS, decide_size, size_rule

EXPERIMENT = "size-25-50"
LEVEL = 50
MEMORY_BYTES = 32e9


def decide(measured: Mapping[str, Measured]) -> Decision:
    """The most runs of the row on its size."""
    return decide_size(measured[EXPERIMENT], EXPERIMENT, LEVEL, MEMORY_BYTES)


CLAIM = Claim(
    id="sizes-25-50",
    says="25–50 runs | 8 vCPU / 32 GB | Consider replicas instead",
    doubt="The row names neither what a run holds nor what it computes; memory and cores follow from these.",
    experiments=(EXPERIMENT,),
    rule=size_rule(LEVEL, MEMORY_BYTES),
    decide=decide,
    advice="Compute the size from your own base and memory per run; weigh replicas by what is lost with one "
    "server.",
    needs=Needs(cpus=8, memory_bytes=int(MEMORY_BYTES)),
    expects=EXPECTS,
)

"""4 vCPU and 16 GB hold 10 to 25 medium runs."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Needs
from harness.claims.measured import Measured
from harness.claims.size_row import EXPECTS, decide_size, size_rule

EXPERIMENT = "size-10-25"
LEVEL = 25
MEMORY_BYTES = 16e9


def decide(measured: Mapping[str, Measured]) -> Decision:
    """The most runs of the row on its size."""
    return decide_size(measured[EXPERIMENT], EXPERIMENT, LEVEL, MEMORY_BYTES)


CLAIM = Claim(
    id="sizes-10-25",
    says="10–25 medium runs | 4 vCPU / 16 GB | Common production size",
    doubt="The guide does not say what a medium run is; memory follows from what it holds.",
    experiments=(EXPERIMENT,),
    rule=size_rule(LEVEL, MEMORY_BYTES),
    decide=decide,
    advice="Compute the size from your own base and memory per run, and the cores from CPU-seconds per run.",
    needs=Needs(cpus=4, memory_bytes=int(MEMORY_BYTES)),
    expects=EXPECTS,
)

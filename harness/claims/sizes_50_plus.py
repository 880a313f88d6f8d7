"""Above 50 runs a larger server hardly does more."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Needs, Number
from harness.claims.figures import at_level, column, ended, told
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.model.intervals import NotEstimable, estimate_mean
from harness.model.ratios import ratio_of_means

EXPERIMENT = "size-25-50"
FEW, MANY = 25, 50
BOUNDS = Bounds(supports=(-UNBOUNDED, 1.1), refutes=((1.5, UNBOUNDED),))


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How much more is done per second by twice the runs?"""
    result = measured[EXPERIMENT]
    if any(one.duration_is_auto for one in result.document.scenario.workloads):
        # the harness then lets runs hold the longer the more there are, and sets the throughput itself
        return Decision("inconclusive", "the runs waited for each other, which sets their throughput")
    bursts = result.bursts()
    few, many = (
        ended(rows) / column(rows, "window_seconds")
        for rows in (at_level(bursts, FEW), at_level(bursts, MANY))
    )
    ratio = ratio_of_means(many, few)
    if isinstance(ratio, NotEstimable):
        return Decision("inconclusive", f"bursts of {FEW} and {MANY} runs: {ratio.reason}")
    verdict = by_interval(ratio, BOUNDS)
    source = f"{EXPERIMENT}: bursts, runs ended / window_seconds"
    numbers = [Number.of(f"throughput at {MANY} / at {FEW}", ratio, "", source)]
    for level, values in ((FEW, few), (MANY, many)):
        mean = estimate_mean(values)
        if not isinstance(mean, NotEstimable):
            numbers.append(Number.of(f"throughput at {level}", mean, "runs/s", source))
    evidence = (
        f"{told(estimate_mean(many))} runs/s at {MANY} at once against {told(estimate_mean(few))} at {FEW} "
        f"on the same CPUs: {told(ratio)} times as many"
    )
    return Decision(verdict, evidence, tuple(numbers))


CLAIM = Claim(
    id="sizes-50-plus",
    says="50+ | Multiple replicas | Vertical scaling hits diminishing returns",
    doubt="Runs are processes without a shared lock: a server does more for as long as it has idle cores and "
    "memory.",
    experiments=(EXPERIMENT,),
    rule="Runs ended per second, from release to drained, of bursts of 50 over bursts of 25 on the same "
    "CPUs: supported if the 95 % interval of the ratio ends at or below 1.1, refuted if wholly at or above "
    "1.5; open where the runs waited for each other.",
    decide=decide,
    bounds=BOUNDS,
    advice="Throughput follows cores / CPU-seconds per run; choose replicas for what is lost with one "
    "server, and for the largest size on offer.",
    needs=Needs(cpus=8, memory_bytes=int(32e9)),
)

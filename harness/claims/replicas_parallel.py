"""CPU-bound runs get real parallelism only from replicas."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Needs, Number
from harness.claims.figures import at_level, highest, throughput, told
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import NotEstimable, estimate_mean
from harness.model.ratios import ratio_of_means

EXPERIMENT = "cpu"
BOUNDS = Bounds(supports=(-UNBOUNDED, 1.1), refutes=((1.3, UNBOUNDED),))


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How much more than one run at a time does one server get done with several?"""
    bursts = undisturbed(measured[EXPERIMENT].bursts())
    alone, many = at_level(bursts, 1), highest(bursts)
    if bursts.empty or len(alone) == len(bursts):
        return Decision("inconclusive", "bursts of one run alone and of several at once are needed")
    ratio = ratio_of_means(throughput(many), throughput(alone))
    if isinstance(ratio, NotEstimable):
        return Decision("inconclusive", ratio.reason)
    source = f"{EXPERIMENT}: bursts, runs ended / exec_window_seconds"
    numbers = [Number.of("throughput of several / of one", ratio, "", source)]
    for level, rows in ((int(many["level"].max()), many), (1, alone)):
        rate = estimate_mean(throughput(rows))
        if not isinstance(rate, NotEstimable):
            numbers.append(Number.of(f"throughput at {level}", rate, "runs/s", source))
    evidence = (
        f"a single server gets {told(estimate_mean(throughput(many)))} runs/s done with "
        f"{many['level'].max()} at once against {told(estimate_mean(throughput(alone)))} one at a time: "
        f"{told(ratio)} times as many, without a replica"
    )
    verdict = by_interval(ratio, BOUNDS)
    return Decision(verdict, evidence, tuple(numbers))


CLAIM = Claim(
    id="replicas-parallel",
    says="Runs are mostly CPU-bound — each replica is a separate process with its own GIL, so you get real "
    "parallelism",
    doubt="Runs of one server are separate processes already, with a lock each.",
    experiments=(EXPERIMENT,),
    rule="Runs per second of the highest level over one run at a time, on one server with two cores: "
    "supported (no parallelism without replicas) if the 95 % interval of the ratio ends at or below 1.1, "
    "refuted if it begins at or above 1.3.",
    decide=decide,
    bounds=BOUNDS,
    advice="Give one server more cores instead; replicas add cores only if they come with their own.",
    needs=Needs(cpus=2),
)

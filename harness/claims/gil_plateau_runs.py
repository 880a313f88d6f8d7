"""CPU-bound runs plateau at one vCPU, as they share the interpreter lock."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.figures import column, highest, told
from harness.claims.measured import Measured
from harness.claims.throughput_plateau import BOUNDS, RULE, judge_cores
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import NotEstimable, estimate_mean

EXPERIMENT = "cpu"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How many cores do several runs use while they execute?"""
    top = highest(undisturbed(measured[EXPERIMENT].bursts()))
    cores = estimate_mean(column(top, "exec_cpu_seconds") / column(top, "exec_window_seconds"))
    if isinstance(cores, NotEstimable):
        return Decision("inconclusive", f"highest level: {cores.reason}")
    source = f"{EXPERIMENT}: bursts.exec_cpu_seconds / exec_window_seconds at the highest level"
    evidence = (
        f"{top['level'].max()} runs that compute use {told(cores)} cores together, from the first one's "
        "start to the last one's end"
    )
    return Decision(judge_cores(cores), evidence, (Number.of("cores used", cores, "cores", source),))


CLAIM = Claim(
    id="gil-plateau-runs",
    says="CPU-bound runs (pandas, heavy Python computation): threads hold the GIL while computing. "
    "Throughput plateaus at roughly 1 vCPU equivalent regardless of thread count.",
    doubt="Each run is a process with an interpreter lock of its own.",
    experiments=(EXPERIMENT,),
    rule=f"Runs of pure Python that computes, on two cores. {RULE}",
    decide=decide,
    bounds=BOUNDS,
    advice="CPU-bound runs use every core there is: size by CPU-seconds per run × runs per second.",
    needs=Needs(cpus=2),
)

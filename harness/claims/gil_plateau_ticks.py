"""Ticks that compute plateau at one vCPU, as they share the interpreter lock."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.figures import column, highest, told
from harness.claims.measured import Measured
from harness.claims.throughput_plateau import BOUNDS, RULE, judge_cores
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import NotEstimable, estimate_mean

EXPERIMENT = "ticks"
WORKLOAD = "cpu_tick"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """How many cores do many ticks use that compute at once?"""
    result = measured[EXPERIMENT]
    top = highest(undisturbed(result.bursts(result.cell(workload=WORKLOAD))))
    cores = estimate_mean(column(top, "cpu_seconds") / column(top, "window_seconds"))
    if isinstance(cores, NotEstimable):
        return Decision("inconclusive", f"highest level: {cores.reason}")
    source = f"{EXPERIMENT} ({WORKLOAD}): bursts.cpu_seconds / window_seconds at the highest level"
    numbers = [Number.of("cores used", cores, "cores", source)]
    rate = estimate_mean(column(top, "ticks_evaluated") / column(top, "tick_span_seconds"))
    if not isinstance(rate, NotEstimable):
        source = f"{EXPERIMENT} ({WORKLOAD}): bursts.ticks_evaluated / tick_span_seconds"
        numbers.append(Number.of("ticks per second", rate, "ticks/s", source))
    evidence = (
        f"{top['level'].max()} ticks at once that compute half a second each use {told(cores)} cores "
        f"together; {told(rate)} are answered per second"
    )
    return Decision(judge_cores(cores), evidence, tuple(numbers))


CLAIM = Claim(
    id="gil-plateau-ticks",
    says="The GIL is a performance ceiling, not a hard limit. It serializes Python bytecode execution across "
    "threads: throughput plateaus at roughly 1 vCPU equivalent regardless of thread count.",
    doubt="What shares the server's lock are no runs but the evaluations of sensors and schedules.",
    experiments=(EXPERIMENT,),
    rule=f"Sensor ticks of pure Python that computes, on two cores. {RULE}",
    decide=decide,
    bounds=BOUNDS,
    advice="Keep sensors and schedules from computing: all of a code server's ticks share one core, however "
    "many workers and CPUs it has.",
    needs=Needs(cpus=2),
)

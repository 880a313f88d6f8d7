"""The gRPC workers are the primary gate on how many runs are in progress."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Number
from harness.claims.cells import by_workers
from harness.claims.figures import column, told
from harness.claims.measured import Measured
from harness.claims.rules import unanimous
from harness.model.intervals import NotEstimable, estimate_mean

EXPERIMENT = "workers"
ABOVE = 2
"""So many times as many runs at once as there are workers are no gate."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst on few workers: were ever more runs at once than workers?"""
    result = measured[EXPERIMENT]
    (few, few_cell), (many, many_cell) = by_workers(result)
    short, ample = result.bursts(few_cell), result.bursts(many_cell)
    free = column(ample, "concurrency_peak")
    if not len(free) or not (free >= ABOVE * few).all():
        return Decision(
            "inconclusive",
            f"on {many} workers not {ABOVE * few} runs at once in every burst: nothing to gate",
        )
    outcomes = [
        _gated(peak, few, succeeded, launches)
        for peak, succeeded, launches in zip(
            *(column(short, name) for name in ("concurrency_peak", "runs_succeeded", "launches")), strict=True
        )
    ]
    peak = column(short, "concurrency_peak")
    source = f"{EXPERIMENT}: bursts"
    spans = {
        n: estimate_mean(column(rows, "launch_span_seconds")) for n, rows in ((few, short), (many, ample))
    }
    numbers = [
        Number(
            f"most runs at once on {few} workers",
            float(peak.max()) if len(peak) else 0.0,
            None,
            None,
            "runs",
            len(peak),
            f"{source}.concurrency_peak",
        )
    ]
    for workers, span in spans.items():
        if not isinstance(span, NotEstimable):
            name = f"launch to last start, {workers} workers"
            numbers.append(Number.of(name, span, "seconds", f"{source}.launch_span_seconds"))
    levels = ", ".join(f"{one:.0f}" for one in peak)
    evidence = (
        f"on {few} workers {levels} runs were in progress at once (by burst); the last of them started "
        f"{told(spans[few], 1)} s after the launch, on {many} workers {told(spans[many], 1)} s"
    )
    return Decision(unanimous(outcomes), evidence, tuple(numbers))


def _gated(peak: float, workers: int, succeeded: float, launches: float) -> bool | None:
    """True if no more runs than workers were in progress though all ended well; None between."""
    if not succeeded == launches > 0:
        return None
    if peak <= workers:
        return True
    return False if peak >= ABOVE * workers else None


CLAIM = Claim(
    id="workers-gate-runs",
    says="A run cannot start until a worker thread picks it up, making this the primary gate on concurrent "
    "run count. DAGSTER_GRPC_MAX_WORKERS | Hard | Runs queue, don't start",
    doubt="StartRun holds its thread only until the run's process has started; then the thread is free and "
    "the run goes on.",
    experiments=(EXPERIMENT,),
    rule="Six runs at once on two workers, all of which succeed. By burst: gated if never more runs were in "
    "progress than workers, not gated if at least twice as many were. Supported if every burst (at least 3) "
    "was gated, refuted if none was; open unless twelve workers show as many runs at once.",
    decide=decide,
    advice="Do not cap runs with DAGSTER_GRPC_MAX_WORKERS: it limits how many can be starting, not running. "
    "Cap them with the run queue's max_concurrent_runs.",
)

"""The gRPC workers are the primary gate on how many runs are in progress."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.figures import column
from harness.claims.measured import Measured
from harness.claims.rules import unanimous

EXPERIMENT = "many"
ABOVE = 2
"""So many times as many runs at once as there are workers are no gate."""
LEAST_BURSTS = 2
"""Bursts this large are dear: two of them have to do."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst of twice as many runs as workers: how many were in progress at once?"""
    result = measured[EXPERIMENT]
    workers = {cell.cell_id: cell.grpc_max_workers or 0 for cell in result.cells}
    bursts = result.bursts()
    if bursts.empty:
        return Decision("inconclusive", "no burst was measured")
    bursts = bursts.assign(workers=[workers[cell] for cell in bursts["cell_id"]])
    bursts = bursts[(bursts["workers"] > 0) & (bursts["level"] >= ABOVE * bursts["workers"])]
    if bursts.empty:
        return Decision("inconclusive", f"no burst of {ABOVE} times as many runs as workers")
    names = ("workers", "concurrency_peak", "runs_succeeded", "launches")
    outcomes = [_gated(*one) for one in zip(*(column(bursts, name) for name in names), strict=True)]
    peak = column(bursts, "concurrency_peak")
    each = ", ".join(f"{one:.0f}" for one in peak)
    of = ", ".join(str(int(one)) for one in sorted(set(bursts["workers"])))
    evidence = (
        f"on {of} workers {each} of {bursts['level'].max()} runs were in progress at once (by burst), and "
        f"all launches were answered within {column(bursts, 'launch_answer_max_seconds').max():.0f} s"
    )
    source = f"{EXPERIMENT}: bursts.concurrency_peak"
    number = Number("fewest runs at once", float(peak.min()), None, None, "runs", len(peak), source)
    return Decision(unanimous(outcomes, LEAST_BURSTS), evidence, (number,))


def _gated(workers: float, peak: float, succeeded: float, launches: float) -> bool | None:
    """True if all ended well, and exactly as many runs as workers were in progress at the most."""
    if not succeeded == launches > 0:
        return None
    if peak >= ABOVE * workers:
        return False
    # fewer than the workers would be another limit's doing
    return True if peak == workers else None


CLAIM = Claim(
    id="workers-gate-runs",
    says="A run cannot start until a worker thread picks it up, making this the primary gate on concurrent "
    "run count. DAGSTER_GRPC_MAX_WORKERS | Hard | Runs queue, don't start",
    doubt="StartRun holds its thread only until the run's process has started; then the thread is free and "
    "the run goes on.",
    experiments=(EXPERIMENT,),
    rule="Bursts of at least twice as many runs as workers, all of which succeed. Gated if the most in "
    "progress at once are exactly as many as workers, not gated if at least twice as many. Supported if "
    "every burst (at least 2) was gated, refuted if none was.",
    decide=decide,
    advice="Do not cap runs with DAGSTER_GRPC_MAX_WORKERS: it limits how many can be starting, not running. "
    "Cap them with the run queue's max_concurrent_runs.",
    needs=Needs(memory_bytes=int(6e9)),
)

"""Runs on one large server share expensive in-memory state."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import UNBOUNDED, Bounds, Claim, Decision, Number
from harness.claims.figures import MIB, column, told, told_mib
from harness.claims.measured import Measured
from harness.claims.rules import by_interval
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import Estimate, Line, NotEstimable, estimate_line
from harness.model.ratios import combine

PLAIN, SHARED = "light", "shared-state"
SHARED_BYTES = 200 * MIB
"""State that the code location of `shared-state` loads when it is imported."""
BOUNDS = Bounds(supports=(-UNBOUNDED, 0.2), refutes=((0.8, UNBOUNDED),))


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Which share of the state does each run add to memory?"""
    plain, shared = (_memory_per_run(measured[name]) for name in (PLAIN, SHARED))
    if isinstance(plain, NotEstimable) or isinstance(shared, NotEstimable):
        return Decision(
            "inconclusive", f"memory per run: {told_mib(plain)} plain, {told_mib(shared)} with state"
        )
    share = combine(
        shared, plain, (shared.value - plain.value) / SHARED_BYTES, 1 / SHARED_BYTES, 1 / SHARED_BYTES
    )
    verdict = by_interval(share, BOUNDS)
    source = "slope of bursts.memory_peak_bytes against concurrency_peak"
    numbers = (
        Number.of("memory per run, plain", plain, "bytes", f"{PLAIN}: {source}"),
        Number.of("memory per run, with state", shared, "bytes", f"{SHARED}: {source}"),
        Number.of("share of the state that each run adds", share, "", f"{PLAIN}, {SHARED}: {source}"),
    )
    evidence = (
        f"each run adds {told_mib(shared)} where the code location loads {SHARED_BYTES / MIB:.0f} MiB of "
        f"state, and {told_mib(plain)} where it does not: {told(share)} of the state for each run"
    )
    return Decision(verdict, evidence, numbers)


def _memory_per_run(result: Measured) -> Estimate | NotEstimable:
    bursts = undisturbed(result.bursts())
    line = estimate_line(column(bursts, "concurrency_peak"), column(bursts, "memory_peak_bytes"), seed=1)
    return line.slope if isinstance(line, Line) else line


CLAIM = Claim(
    id="shared-state",
    says="Runs share expensive in-memory state (loaded ML models, large lookup tables) that would be costly "
    "to reload per process",
    doubt="Each run is a new process that imports the code location afresh, and so loads the state again.",
    experiments=(PLAIN, SHARED),
    rule="(Memory per run with 200 MiB of state - without) / 200 MiB, the intervals of both slopes added in "
    "quadrature: supported (the state is shared) if its 95 % interval ends at or below 0.2, refuted (each "
    "run loads its own) if it begins at or above 0.8.",
    decide=decide,
    bounds=BOUNDS,
    advice="Do not consolidate for the sake of shared state: count it once for each concurrent run, load it "
    "only in the runs that need it, or put it behind a service.",
)

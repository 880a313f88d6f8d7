"""Memory is a base plus so much for each concurrent run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.figures import MIB, column, told_mib
from harness.claims.measured import Measured
from harness.claims.rules import unanimous
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import Line, NotEstimable, estimate_line
from harness.model.predict import predict

FITTED, TRIED = "light", "many"
SUPPORTS, REFUTES = (0.9, 1.1), (0.8, 1.25)
LEAST_BURSTS = 2
"""Bursts as large as those of `many` are dear: two of them have to do."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Does the line of `light` predict the memory of `many`, which lies far above it?"""
    low, high = undisturbed(measured[FITTED].bursts()), undisturbed(measured[TRIED].bursts())
    line = estimate_line(column(low, "concurrency_peak"), column(low, "memory_peak_bytes"), seed=1)
    if isinstance(line, NotEstimable):
        return Decision("inconclusive", f"{FITTED}: {line.reason}")
    source = f"{FITTED}: bursts.memory_peak_bytes against concurrency_peak"
    numbers = [
        Number.of("base memory", line.base, "bytes", source),
        Number.of("memory per run", line.slope, "bytes", source),
    ]
    ratios = column(high, "memory_peak_bytes") / _predicted(line, column(high, "concurrency_peak"))
    fitted = f"{told_mib(line.base)} plus {told_mib(line.slope)} per run"
    if not len(ratios):
        return Decision("inconclusive", f"{fitted}; {TRIED}: no burst that drained", tuple(numbers))
    verdict = unanimous([_predicts(ratio) for ratio in ratios], LEAST_BURSTS)
    ahead = predict(line, float(column(high, "concurrency_peak").mean()))
    numbers += [
        Number(
            f"measured / predicted at {ahead.x:.0f} at once, mean",
            float(ratios.mean()),
            None,
            None,
            "",
            len(ratios),
            f"{TRIED}: bursts.memory_peak_bytes over the line",
        ),
        Number(
            f"predicted at {ahead.x:.0f} at once",
            ahead.value,
            ahead.low,
            ahead.high,
            "bytes",
            len(line.x),
            f"{FITTED}: one new burst on the line",
        ),
    ]
    beyond = f"extrapolated from {line.x.max():.0f}" if ahead.extrapolated else "not extrapolated"
    evidence = (
        f"{fitted} predict {ahead.value / MIB:,.0f} MiB [{ahead.low / MIB:,.0f}, {ahead.high / MIB:,.0f}] "
        f"for {ahead.x:.0f} at once ({beyond}); measured / predicted is "
        f"{', '.join(f'{ratio:.3f}' for ratio in ratios)} (by burst)"
    )
    return Decision(verdict, evidence, tuple(numbers))


def _predicts(ratio: float) -> bool | None:
    """Whether a burst's memory is as predicted; None between, and where it is unknown."""
    if REFUTES[0] < ratio < REFUTES[1]:
        return True if SUPPORTS[0] <= ratio <= SUPPORTS[1] else None
    return False if np.isfinite(ratio) else None


def _predicted(line: Line, concurrency: np.ndarray) -> np.ndarray:
    """Bytes by the line, nan where it falls to zero; shape (n,)."""
    predicted = line.base.value + line.slope.value * concurrency
    return np.where(predicted > 0, predicted, np.nan)


CLAIM = Claim(
    id="memory-linear",
    says="total_memory = base_code_server_mem + (avg_run_peak_mem × max_concurrent_runs)",
    doubt="A line that fits a few runs need not hold for many: processes share pages, and peaks need not "
    "come at the same instant.",
    experiments=(FITTED, TRIED),
    rule="A line of peak memory against observed concurrency is fitted to `light` and predicts each burst of "
    "`many` (bursts that drained, without OOM kills). Measured over predicted: supported if within 0.9 to "
    "1.1 in every one (at least 2), refuted if below 0.8 or above 1.25 in every one.",
    decide=decide,
    advice="Use the formula with the memory per run that the cgroup shows for a whole process, not with what "
    "the job allocates, and leave room for the error of the prediction.",
    needs=Needs(memory_bytes=int(6e9)),
)

"""Whether a row of the guide's table of sizes holds its runs; used by its rows. Pure."""

from __future__ import annotations

import math

from harness.claims.base import Decision, Number, Verdict
from harness.claims.figures import MIB, at_level, column, told
from harness.claims.measured import Measured
from harness.claims.rules import LEAST_BURSTS
from harness.claims.undisturbed import undisturbed
from harness.model.intervals import Estimate, Line, estimate_line, estimate_mean

ROOM, FULL = 0.9, 1.0
"""Share of the row's memory that leaves room, and that is none left."""

EXPECTS = frozenset({"failed-runs", "oom-kill", "server-lost", "not-drained"})
"""What a size that is too small would show."""


def size_rule(level: int, memory_bytes: float) -> str:
    """The rule in words."""
    return (
        f"Bursts of {level} runs (at least {LEAST_BURSTS}): supported if all runs of all bursts succeed "
        f"without an OOM kill and the 95 % interval of the mean peak memory ends at or below 90 % of "
        f"{memory_bytes / 1e9:g} GB; refuted if it lies wholly above 100 %, or if runs fail or are killed in "
        "every burst."
    )


def decide_size(result: Measured, experiment: str, level: int, memory_bytes: float) -> Decision:
    """Did `level` runs at once succeed, and what share of `memory_bytes` did they take?"""
    bursts = at_level(result.bursts(), level)
    launches, succeeded = column(bursts, "launches"), column(bursts, "runs_succeeded")
    killed = column(bursts, "oom_kills") > 0
    failed = killed | (succeeded < launches)
    whole = ~killed & (launches > 0) & (succeeded == launches)
    if len(bursts) < LEAST_BURSTS:
        return Decision(
            "inconclusive", f"{len(bursts)} bursts of {level} runs; at least {LEAST_BURSTS} are needed"
        )
    share = estimate_mean(column(bursts, "memory_peak_bytes") / memory_bytes)
    verdict: Verdict = "inconclusive"
    if failed.all() or (isinstance(share, Estimate) and share.low > FULL):
        verdict = "refuted"
    elif whole.all() and isinstance(share, Estimate) and share.high <= ROOM:
        verdict = "supported"
    size = f"{memory_bytes / 1e9:g} GB"
    numbers = [
        Number(
            "bursts that succeeded whole",
            int(whole.sum()),
            None,
            None,
            "bursts",
            len(bursts),
            f"{experiment}: bursts.runs_succeeded, oom_kills",
        )
    ]
    evidence = f"{int(whole.sum())} of {len(bursts)} bursts of {level} runs succeeded whole"
    if isinstance(share, Estimate):
        numbers.append(
            Number.of(f"peak / {size}", share, "", f"{experiment}: bursts.memory_peak_bytes at level {level}")
        )
        evidence += f" and peaked at {told(share, 0, 'MiB', MIB / memory_bytes)}, {told(share)} of {size}"
    held = runs_that_fit(result, memory_bytes)
    if held is not None:
        source = f"{experiment}: line of bursts.memory_peak_bytes against concurrency_peak, extrapolated"
        numbers.append(Number.of(f"runs that {size} would hold", held, "runs", source))
        evidence += f"; by the fitted line {size} would hold at least {held.low:.0f} such runs (extrapolated)"
    return Decision(verdict, evidence, tuple(numbers))


def runs_that_fit(result: Measured, memory_bytes: float) -> Estimate | None:
    """Whole runs at once up to which the fitted line stays within `memory_bytes`; None unless it rises.

    The ends take base and slope at their ends together, which is on the cautious side.
    """
    bursts = undisturbed(result.bursts())
    line = estimate_line(column(bursts, "concurrency_peak"), column(bursts, "memory_peak_bytes"), seed=1)
    if not isinstance(line, Line) or line.slope.low <= 0:
        return None
    base, slope = line.base, line.slope
    ends = ((base.value, slope.value), (base.high, slope.high), (base.low, slope.low))
    value, low, high = (float(max(0, math.floor((memory_bytes - b) / s))) for b, s in ends)
    return Estimate(value, low, high, line.slope.n)

"""20 to 40 concurrent I/O-bound runs on one server are realistic."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.figures import MIB, column, highest
from harness.claims.measured import Measured
from harness.claims.rules import unanimous

EXPERIMENT = "many"
LEAST_LEVEL = 20
LEAST_BURSTS = 2
"""Bursts this large are dear: two of them have to do."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst: did all runs succeed, at least 20 of them at once?"""
    bursts = measured[EXPERIMENT].bursts()
    bursts = bursts[column(bursts, "level") >= LEAST_LEVEL]
    if bursts.empty:
        return Decision("inconclusive", f"no burst of {LEAST_LEVEL} runs or more")
    outcomes = _outcomes(
        *(column(bursts, name) for name in ("launches", "runs_succeeded", "concurrency_peak"))
    )
    verdict = unanimous(outcomes, LEAST_BURSTS)
    whole = outcomes.count(True)
    top = highest(bursts)
    level, count = int(top["level"].max()), len(top)
    peak = float(column(top, "memory_peak_bytes").mean())
    span = float(column(top, "launch_span_seconds").mean())
    at_once = " and ".join(f"{one:.0f}" for one in column(bursts, "concurrency_peak"))
    levels = " and ".join(str(int(one)) for one in np.unique(column(bursts, "level")))
    evidence = (
        f"{whole} of {len(bursts)} bursts of {levels} runs succeeded whole, {at_once} at once; {level} runs "
        f"peak at {peak / MIB:,.0f} MiB, and the last starts {span:.0f} s after the launch (means of "
        f"{count} bursts)"
    )
    numbers = (
        Number("whole bursts", whole, None, None, "bursts", len(bursts), f"{EXPERIMENT}: bursts"),
        Number(
            f"memory peak at {level}",
            peak,
            None,
            None,
            "bytes",
            count,
            f"{EXPERIMENT}: bursts.memory_peak_bytes",
        ),
        Number(
            f"launch span at {level}",
            span,
            None,
            None,
            "seconds",
            count,
            f"{EXPERIMENT}: bursts.launch_span_seconds",
        ),
    )
    return Decision(verdict, evidence, tuple(number for number in numbers if np.isfinite(number.value)))


def _outcomes(*columns: np.ndarray) -> list[bool | None]:
    """Of each burst; None where a figure is missing."""
    return [
        bool(succeeded == launches and peak >= LEAST_LEVEL)
        if np.isfinite([launches, succeeded, peak]).all() and launches > 0
        else None
        for launches, succeeded, peak in zip(*columns, strict=True)
    ]


CLAIM = Claim(
    id="io-scales",
    says="I/O-bound runs (DB queries, API calls, dbt Cloud): threads release the GIL while waiting, so "
    "concurrency scales well. 20–40+ concurrent runs on a single server is realistic.",
    doubt="Each run is a process of its own: as many at once take the memory of as many processes, and the "
    "CPU to start them.",
    experiments=(EXPERIMENT,),
    rule="Supported if in every burst of 20 runs or more (at least 2 bursts) all launches succeed and "
    "at least 20 are in progress at once; refuted if in none.",
    decide=decide,
    advice="Size for the memory of as many processes, and for the time that the CPU takes to start them; "
    "that threads release the lock has no part in it.",
    expects=frozenset({"failed-runs", "oom-kill", "server-lost", "not-drained"}),
    needs=Needs(memory_bytes=int(6e9)),
)

"""Two replicas of 4 vCPU and 16 GB hold about 15 runs each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.figures import at_level, column
from harness.claims.measured import Measured
from harness.claims.rules import unanimous
from harness.claims.size_row import EXPECTS, FULL, ROOM

EXPERIMENT = "two-replicas"
LEVEL = 30
MEMORY_BYTES = 16e9


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst: did all runs succeed, and how full was the fuller replica?"""
    result = measured[EXPERIMENT]
    bursts, served = at_level(result.bursts(), LEVEL), result.rows("replicas")
    if bursts.empty or served.empty:
        return Decision("inconclusive", f"no burst of {LEVEL} runs")
    key = ["cell_id", "burst"]
    fullest = served.groupby(key, as_index=False)[["memory_peak_bytes", "runs"]].max()
    rows = bursts.drop(columns="memory_peak_bytes", errors="ignore").merge(fullest, on=key, how="left")
    share = column(rows, "memory_peak_bytes") / MEMORY_BYTES
    figures = (column(rows, name) for name in ("launches", "runs_succeeded", "oom_kills"))
    outcomes = [_holds(*one) for one in zip(*figures, share, strict=True)]
    most = float(np.nanmax(share))
    evidence = (
        f"{outcomes.count(True)} of {len(rows)} bursts of {LEVEL} runs succeeded whole with room on both; "
        f"the fuller replica had up to {np.nanmax(column(rows, 'runs')):.0f} runs and took {most:.2f} of "
        "its memory"
    )
    source = f"{EXPERIMENT}: replicas.memory_peak_bytes"
    number = Number("share of the fuller replica's memory", most, None, None, "", len(rows), source)
    return Decision(unanimous(outcomes), evidence, (number,))


def _holds(launches: float, succeeded: float, kills: float, share: float) -> bool | None:
    if kills > 0 or succeeded < launches or share > FULL:
        return False
    return True if share <= ROOM else None


CLAIM = Claim(
    id="start-two-replicas",
    says="Start with 2 replicas of a moderately sized task (4 vCPU / 16 GB), each handling ~15 concurrent "
    "runs.",
    doubt="A burst may go to one of the two as a whole; and the size names neither what a run holds nor "
    "what it computes.",
    experiments=(EXPERIMENT,),
    rule="Bursts of 30 medium runs on two replicas of 4 CPUs and 16 GB, by burst: it holds if all succeed "
    "without an OOM kill and the fuller replica peaks at or below 90 % of its memory, it does not if runs "
    "fail, are killed, or memory goes over. Supported if every burst (at least 3) holds, refuted if none "
    "does.",
    decide=decide,
    advice="Size each replica for a whole burst, as one connection takes it all.",
    needs=Needs(cpus=8, memory_bytes=int(2 * MEMORY_BYTES), containers=True, why="replicas behind one name"),
    expects=EXPECTS,
)

"""Throughput against the level, and its plateau. Pure.

What a server gets done per second shows in the runs that end only if these last as long as they would anyway.
Where the harness makes them last, longer at higher levels so that all overlap, the rate at which they end is
the harness's own; what is the server's is how fast it starts them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from harness.model.intervals import NotEstimable
from harness.model.plateau import find_plateau
from harness.model.scalability import Scalability, fit_scalability
from harness.results.result_document import CellRecord
from harness.results.scenario_record import ScenarioRecord
from harness.sizing.fitting import fired_of, measured_bursts

LEAST_BURSTS = 8
"""For the scalability law: of fewer its numbers are hardly known."""
PLATEAU = ["from_level", "to_level", "per_second", "low", "high", "bursts"]
"""Columns of a plateau: where it lies, and the mean rate of its bursts with its 95 % interval."""


@dataclass(frozen=True)
class Throughput:
    """Runs per second of a cell's bursts."""

    points: pd.DataFrame
    """`level`, `per_second`, `burst`."""
    started: bool
    """Whether it is of runs that started, from the intended instant to the last one's start; else of those
    that ended, from the first one's start to the last one's end."""
    plateau: pd.DataFrame
    """A row with the columns `PLATEAU`, or none."""
    why_none: str
    """Why there is none, in a clause; empty where there is one."""
    law: Scalability | None = None
    """The universal scalability law that fits the points; None where there is none."""


def throughput(bursts: pd.DataFrame, cell: CellRecord, scenario: ScenarioRecord) -> Throughput | None:
    """Of a cell that launches runs; None where nothing of it is known."""
    rows = measured_bursts(bursts, cell.cell_id)
    if rows.empty or fired_of(rows) == "ticks":
        return None
    started = is_held(cell, scenario)
    seconds = rows["launch_span_seconds" if started else "exec_window_seconds"]
    ended = rows["runs_succeeded"] + rows["runs_failed"]
    rate = (ended / seconds).where((seconds > 0) & (ended > 0))
    points = pd.DataFrame({"level": rows["level"], "per_second": rate, "burst": rows["burst"]}).dropna()
    if points.empty:
        return None
    none = pd.DataFrame(columns=PLATEAU)
    if scenario.shape != "burst":
        return Throughput(points, started, none, "launches were spread over time, which bounds it")
    levels, rates = (points[name].to_numpy(np.float64) for name in ("level", "per_second"))
    fitted = fit_scalability(levels, rates) if len(rates) >= LEAST_BURSTS else None
    law = None if isinstance(fitted, NotEstimable) else fitted
    found = find_plateau(levels, rates)
    if isinstance(found, NotEstimable):
        return Throughput(points, started, none, found.reason, law)
    rate_and_ends = (found.rate.value, found.rate.low, found.rate.high, found.rate.n)
    row = (found.begins, found.ends, *rate_and_ends)
    return Throughput(points, started, pd.DataFrame([row], columns=PLATEAU), "", law)


def is_held(cell: CellRecord, scenario: ScenarioRecord) -> bool:
    """Whether the harness chose how long the cell's runs last; taken for so where that is not known."""
    workloads = scenario.workloads
    own = [one for one in workloads if one.label == cell.workload] or workloads
    return not own or any(one.held for one in own)

"""Bursts against their level or their runs at once: peaks, launches, processes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from harness.model.constants import estimate_points
from harness.model.intervals import Line, NotEstimable
from harness.model.predict import predict
from harness.results.result_document import CellRecord
from harness.sizing.fitting import as_bursts, measured_bursts, points_of
from harness.views.held_out import HeldOut, held_out
from harness.views.units import MIB

BEYOND = 1.5
"""A line is drawn so many times as far as was measured, or to the limit if that is nearer than `FAR`."""
FAR = 4.0
STEPS = 20
"""Points of a line within what was measured, and as many beyond."""
MEASURES = {
    "memory_peak_bytes": "cgroup, without cache",
    "usage_peak_bytes": "cgroup, with cache",
    "rss_peak_bytes": "sum of RSS",
    "pss_peak_bytes": "sum of PSS",
    "uss_peak_bytes": "sum of USS",
}


@dataclass(frozen=True)
class Peaks:
    """Peak memory of bursts, and the line through them."""

    points: pd.DataFrame
    """`at_once`, `memory_mib`, `level`, `burst`."""
    line: pd.DataFrame
    """`at_once`, `memory_mib`, `low` and `high` (95 % of single bursts), `extrapolated`; may be empty."""
    limit_mib: float
    crossed_at: float | None
    """Runs at once where the line meets the limit; None without a line, or one that does not rise."""
    held_up_to: float | None
    """Runs at once where the band of single bursts (95 %) meets it; None where it begins above."""
    held_out: HeldOut | None = None
    """The highest level as the others predict it; None without a line, or where they are too few."""


def peaks(bursts: pd.DataFrame, cell: CellRecord, seed: int) -> Peaks | None:
    """Peak memory against runs (or ticks) at once; None where no burst counts.

    There is a line where constants were fitted. With several code servers it meets no limit: a burst may go
    whole to one of them.
    """
    rows = measured_bursts(bursts, cell.cell_id)
    if rows.empty:
        return None
    found = as_bursts(rows)
    points = pd.DataFrame(
        {
            "at_once": found.concurrency,
            "memory_mib": rows["memory_peak_bytes"].to_numpy(np.float64) / MIB,
            "level": rows["level"].to_numpy(),
            "burst": rows["burst"].to_numpy(),
        }
    ).dropna()
    limit = cell.memory_bytes * cell.replicas / MIB
    name = "memory_per_tick_bytes" if found.fired == "ticks" else "memory_per_run_bytes"
    estimate, line = estimate_points(points_of(rows)[name], seed)
    none = pd.DataFrame(columns=["at_once", "memory_mib", "low", "high", "extrapolated"])
    if line is None or isinstance(estimate, NotEstimable) or not cell.constants:
        return Peaks(points, none, limit, None, None)
    base, slope = float(line.fit.base) / MIB, float(line.fit.slope) / MIB
    crossed = (limit - base) / slope if slope > 0 and base < limit and cell.replicas == 1 else None
    most = float(points["at_once"].max())
    end = BEYOND * most
    if crossed is not None and crossed <= FAR * most:
        end = max(end, 1.05 * crossed)
    predicted = [
        predict(line, float(x)) for x in (*np.linspace(0, most, STEPS), *np.linspace(most, end, STEPS))
    ]
    drawn = pd.DataFrame(
        {
            "at_once": [one.x for one in predicted],
            "memory_mib": [one.value / MIB for one in predicted],
            "low": [max(0.0, one.low / MIB) for one in predicted],
            "high": [one.high / MIB for one in predicted],
            "extrapolated": [False] * STEPS + [True] * STEPS,
        }
    )
    held = None if crossed is None else _band_meets(line, limit * MIB, crossed)
    return Peaks(points, drawn, limit, crossed, held, held_out(points, seed))


def _band_meets(line: Line, limit_bytes: float, crossed: float) -> float | None:
    """Where the upper end of the band meets the limit, which the line itself does at `crossed`."""

    def above(x: float) -> float:
        return predict(line, x).high - limit_bytes

    if above(crossed) <= 0:  # all points lie on the line
        return crossed
    return None if above(0.0) >= 0 else float(brentq(above, 0.0, crossed, xtol=1e-3))


def counted(bursts: pd.DataFrame, cell_id: str) -> pd.DataFrame:
    """Threads and processes by burst, long: `at_once`, `what`, `peak`, `level`, `burst`."""
    rows = measured_bursts(bursts, cell_id)
    if rows.empty:
        return pd.DataFrame(columns=["at_once", "what", "peak", "level", "burst"])
    frame = pd.DataFrame(
        {
            "at_once": as_bursts(rows).concurrency,
            "threads": rows["threads_peak"].to_numpy(np.float64),
            "processes": rows["processes_peak"].to_numpy(np.float64),
            "level": rows["level"].to_numpy(),
            "burst": rows["burst"].to_numpy(),
        }
    )
    return frame.melt(["at_once", "level", "burst"], var_name="what", value_name="peak").dropna()


def launches(launched: pd.DataFrame, runs: pd.DataFrame, bursts: pd.DataFrame, cell_id: str) -> pd.DataFrame:
    """From the intended instant: `level`, `what` (answered, started), `quantile`, `seconds`, `launches`."""
    rows = measured_bursts(bursts, cell_id)
    columns = ["level", "what", "quantile", "seconds", "launches"]
    if rows.empty or launched.empty:
        return pd.DataFrame(columns=columns)
    own = launched[launched["cell_id"] == cell_id].merge(rows[["burst", "level"]], on="burst")
    own = own.assign(answered=own["answered_epoch_seconds"] - own["intended_epoch_seconds"])
    if len(runs):
        started = runs.loc[runs["cell_id"] == cell_id, ["run_id", "run_start_epoch_seconds"]]
        own = own.merge(started, on="run_id", how="left")
        own = own.assign(started=own["run_start_epoch_seconds"] - own["intended_epoch_seconds"])
    found = []
    for what in ("answered", "started"):
        known = own[own[what].notna()] if what in own else own.iloc[:0]
        for level, group in known.groupby("level"):
            for name, share in (("median", 0.5), ("95 %", 0.95), ("slowest", 1.0)):
                found.append((level, what, name, float(group[what].quantile(share)), len(group)))
    return pd.DataFrame(found, columns=columns)


def measures(cell: CellRecord) -> pd.DataFrame:
    """Peak memory by level and by every measure, means over bursts: `at_once`, `measure`, `memory_mib`."""
    found = [
        (level.concurrency, name, value / MIB)
        for level in cell.levels
        for field, name in MEASURES.items()
        if (value := getattr(level, field)) is not None
    ]
    return pd.DataFrame(found, columns=["at_once", "measure", "memory_mib"]).dropna()

"""One cell over time: memory, CPU, runs in progress, bursts and OOM kills. Pure.

Times are seconds since the first sample of the cell; memory is in MiB. Samples are taken burst by burst, so
lines are drawn burst by burst too, with gaps between them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.model.linear import Array
from harness.results.result_document import CellRecord
from harness.views.thin import thin
from harness.views.units import MIB

MOST_POINTS = 800
"""Of all bursts of a cell together: a page may have a dozen cells."""
STEP_SECONDS = 0.5
"""CPU is told over windows of so many seconds: shorter ones jump with every time slice."""
LEAST_POINTS = 20
"""Of each burst. Where there are too many for that, the line goes on from burst to burst, thinned as one."""


def of_cell(table: pd.DataFrame, cell_id: str) -> pd.DataFrame:
    """The rows of one cell; none where the table is empty."""
    return table[table["cell_id"] == cell_id] if len(table) else table


def start_of(samples: pd.DataFrame) -> float:
    """Time of the first sample, seconds since the epoch."""
    return float(samples["at_epoch_seconds"].min())


def memory(samples: pd.DataFrame, start: float) -> pd.DataFrame:
    """Columns `seconds`, `burst`, `line`, `replica`, `memory_mib`, `with_cache_mib`; thinned, the peaks kept.

    `line` tells lines apart: it is the burst, or 0 where there are too many bursts for a line each.
    """
    rows = pd.DataFrame(
        {
            "seconds": samples["at_epoch_seconds"] - start,
            "burst": samples["burst"],
            "replica": replicas_of(samples),
            "memory_mib": samples["memory_bytes"] / MIB,
            "with_cache_mib": samples["usage_bytes"] / MIB,
        }
    ).sort_values(["replica", "burst", "seconds"], ignore_index=True)
    return thin_each(rows, "memory_mib")


def cpu(samples: pd.DataFrame, start: float) -> pd.DataFrame:
    """Columns `seconds`, `burst`, `line`, `replica`, `cores`, `throttled`; thinned.

    `throttled` is the share of the scheduling periods; nan where the kernel did not count them.
    """
    found = []
    for (replica, burst), rows in samples.groupby([replicas_of(samples), samples["burst"]]):
        ordered = rows.sort_values("at_epoch_seconds")
        window = np.floor(ordered["at_epoch_seconds"].to_numpy() / STEP_SECONDS)
        last = ordered[np.append(window[1:] != window[:-1], True)]
        if len(last) < 2:
            continue
        times = last["at_epoch_seconds"].to_numpy(np.float64)
        passed = np.diff(times)
        periods = np.diff(last["periods"].to_numpy(np.float64))
        throttled = np.diff(last["throttled_periods"].to_numpy(np.float64))
        found.append(
            pd.DataFrame(
                {
                    "seconds": times[1:] - start,
                    "burst": burst,
                    "replica": replica,
                    "cores": np.diff(last["cpu_seconds"].to_numpy(np.float64)) / passed,
                    "throttled": _share(throttled, periods),
                }
            )
        )
    columns = ["seconds", "burst", "line", "replica", "cores", "throttled"]
    return thin_each(pd.concat(found, ignore_index=True), "cores") if found else pd.DataFrame(columns=columns)


def bands(bursts: pd.DataFrame, start: float) -> pd.DataFrame:
    """The bursts: `from_seconds` (released), `to_seconds` (drained), `burst`, `level`, `phase`."""
    rows = bursts[bursts["released_epoch_seconds"].notna()]
    ends = rows["drained_epoch_seconds"].fillna(rows["released_epoch_seconds"] + rows["window_seconds"])
    return pd.DataFrame(
        {
            "from_seconds": rows["released_epoch_seconds"] - start,
            "to_seconds": ends - start,
            "burst": rows["burst"],
            "level": rows["level"],
            "phase": rows["phase"],
        }
    )


def in_progress(runs: pd.DataFrame, bursts: pd.DataFrame, start: float) -> pd.DataFrame:
    """How many processes of runs were up: `seconds` of each change, and `runs` from then on.

    A run that was lost tells of no end: it counts until its server was lost, or else until its burst ended.
    """
    up = runs["process_started_epoch_seconds"].fillna(runs["run_start_epoch_seconds"])
    down = runs["process_exited_epoch_seconds"].fillna(runs["run_end_epoch_seconds"])
    ends = bursts.drop_duplicates("burst").set_index("burst")
    lost = ends["lost_at_epoch_seconds"] if "lost_at_epoch_seconds" in ends else ends["drained_epoch_seconds"]
    down = down.fillna(runs["burst"].map(lost.fillna(ends["drained_epoch_seconds"])))
    known = up.notna() & (down > up)
    changes = pd.concat(
        [
            pd.DataFrame({"seconds": up[known] - start, "change": 1}),
            pd.DataFrame({"seconds": down[known] - start, "change": -1}),
        ]
    ).sort_values(["seconds", "change"])
    steps = changes.assign(runs=changes["change"].cumsum()).drop(columns="change")
    first = pd.DataFrame({"seconds": [0.0], "runs": [0]})
    return pd.concat([first, steps], ignore_index=True) if len(steps) else first.iloc[:0]


def oom_kills(samples: pd.DataFrame, cell: CellRecord, start: float) -> pd.DataFrame:
    """Where the kernel killed at the memory limit: `seconds`, `kills`, and `memory_mib` just then.

    From its own count, and where that went with the server, from the events of the cell.
    """
    found = []
    for _, rows in samples.groupby(replicas_of(samples)):
        ordered = rows.sort_values("at_epoch_seconds")
        rise = ordered["oom_kills"].diff()
        hit = rise > 0
        found.append(
            pd.DataFrame(
                {
                    "seconds": ordered.loc[hit, "at_epoch_seconds"] - start,
                    "kills": rise[hit],
                    "memory_mib": ordered.loc[hit, "memory_bytes"] / MIB,
                }
            )
        )
    counted = pd.concat(found, ignore_index=True)
    told = [one for one in cell.events if one.kind == "oom"]
    if len(counted) or not told:
        return counted
    return pd.DataFrame(
        [(one.at_epoch_seconds - start, one.times, cell.memory_bytes / MIB) for one in told],
        columns=["seconds", "kills", "memory_mib"],
    )


def _share(part: Array, whole: Array) -> Array:
    """`part` / `whole`, shape (n,): 0 where there was nothing, nan where it was not counted."""
    return np.divide(part, whole, out=np.where(np.isfinite(whole), 0.0, np.nan), where=whole > 0)


def replicas_of(table: pd.DataFrame) -> pd.Series:
    """The code server of each row; results from before there were several do not name it."""
    return table["replica"] if "replica" in table else pd.Series("server", index=table.index, name="replica")


def thin_each(rows: pd.DataFrame, y: str) -> pd.DataFrame:
    """Thinned line by line; at most twice `MOST_POINTS` rows for each code server."""
    bursts = rows["burst"].nunique()
    apart = bursts * LEAST_POINTS <= 2 * MOST_POINTS
    rows = rows.assign(line=rows["burst"] if apart else 0)
    most = max(LEAST_POINTS, MOST_POINTS // max(1, bursts)) if apart else 2 * MOST_POINTS
    groups = [group for _, group in rows.groupby(["replica", "line"], sort=False)]
    thinned = [thin(group.sort_values("seconds"), "seconds", y, most) for group in groups]
    return pd.concat(thinned, ignore_index=True) if thinned else rows

"""From the readings of several replicas to totals, and from runs to the replica that ran them. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from harness.experiment.summary import BurstTimes, Row, summarise_readings
from harness.results.columns import column_of, gauges_of_samples

AT = "at_epoch_seconds"
ENDED_READINGS = 4
"""A replica has ended when nothing was read of it for as long as so many of its readings take."""
_FAR = 1e6
"""Cost, in seconds, of matching a run with a process of another pid: never chosen."""


def total_samples(samples: pd.DataFrame) -> pd.DataFrame:
    """All replicas at the instants of the one read longest, each holding its last reading; as columns add up.

    Of a replica that has ended, counters (such as CPU time) stay as they were; it holds no memory any more.
    """
    names = list(samples["replica"].unique())
    if len(names) <= 1:
        return samples.drop(columns="replica")
    frames = [samples[samples["replica"] == name].drop(columns="replica").sort_values(AT) for name in names]
    grid = max(frames, key=lambda frame: float(frame[AT].iloc[-1]))[[AT]]
    aligned = [_held(frame, grid) for frame in frames]
    total: pd.DataFrame = aligned[0].copy()
    for frame in aligned[1:]:
        for column in total.columns.drop(AT):
            total[column] = _together(column, total[column], frame[column])
    return total


def _held(frame: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """Readings of a replica at other instants; the first one stands in for what was before it."""
    held = pd.merge_asof(grid, frame, on=AT, direction="backward").bfill()
    gone = held[AT] > _end(frame[AT].to_numpy(float))
    for column in held.columns.intersection(gauges_of_samples()):
        held[column] = held[column].mask(gone & held[column].notna(), 0)
    return held


def _end(instants: np.ndarray) -> float:
    """When a replica has ended of which these are the last readings; never if there is only one."""
    if len(instants) < 2:
        return float("inf")
    return float(instants[-1] + ENDED_READINGS * np.median(np.diff(instants)))


def _together(column: str, first: pd.Series, second: pd.Series) -> pd.Series:
    match column_of("samples", column).over_replicas:
        case "sum":
            return first + second
        case "max":
            return first.where(first >= second, second)
        case "first":
            return first
        case _:
            return first * float("nan")


def total_processes(processes: pd.DataFrame) -> pd.DataFrame:
    """The processes of all replicas, as if walked at the instants of the one walked longest.

    Not every walk reads PSS and USS, and hardly ever those of two replicas at once: a process holds its last.
    """
    names = list(processes["replica"].unique())
    if len(names) <= 1:
        return processes
    each = processes.groupby(["replica", "pid", "created_epoch_seconds"], dropna=False)
    sparse = processes.columns.intersection(["pss_bytes", "uss_bytes"])
    processes = processes.assign(**{column: each[column].ffill() for column in sparse})
    longest = max(names, key=lambda name: float(processes.loc[processes["replica"] == name, AT].max()))
    grid = np.sort(processes.loc[processes["replica"] == longest, AT].unique())
    frames = []
    for name in names:
        frame = processes[processes["replica"] == name]
        walks = np.sort(frame[AT].unique())
        newest = np.searchsorted(walks, grid, side="right") - 1
        there = (newest >= 0) & (grid <= _end(walks))
        chosen = pd.DataFrame({AT: walks[newest[there]], "grid": grid[there]})
        frames.append(frame.merge(chosen, on=AT).drop(columns=AT).rename(columns={"grid": AT}))
    total: pd.DataFrame = pd.concat(frames, ignore_index=True)[list(processes.columns)]
    return total


def assign_replicas(runs: pd.DataFrame, processes: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """`runs` with a column `replica`: where each run's process was; empty where that is not known.

    Dagster does not say which of several servers behind one name took a run. Its process is found by pid
    and, as pids recur from container to container, by the time it was made: of all one-to-one matchings the
    one whose delays from a process's creation to its run's first word differ least.
    """
    if len(names) == 1 or runs.empty:
        return runs.assign(replica=names[0] if len(names) == 1 else "")
    columns = ["replica", "pid", "created_epoch_seconds"]
    seen = processes.loc[processes["role"] == "run", columns].drop_duplicates(["replica", "pid"])
    known = runs[runs["pid"].notna() & runs["process_started_epoch_seconds"].notna()]
    replica = pd.Series("", index=runs.index, dtype="object")
    if len(seen) and len(known):
        started = known["process_started_epoch_seconds"].to_numpy(float)[:, None]
        delay = started - seen["created_epoch_seconds"].to_numpy(float)[None, :]
        same = known["pid"].to_numpy(float)[:, None] == seen["pid"].to_numpy(float)[None, :]
        usual = float(np.median(delay[same])) if same.any() else 0.0
        rows, chosen = linear_sum_assignment(np.where(same, np.abs(delay - usual), _FAR))
        for row, column in zip(rows, chosen, strict=True):
            if same[row, column]:
                replica[known.index[int(row)]] = seen["replica"].iloc[int(column)]
    return runs.assign(replica=replica)


def replica_rows(
    samples: pd.DataFrame,
    processes: pd.DataFrame,
    runs: pd.DataFrame,
    names: tuple[str, ...],
    times: BurstTimes,
) -> list[Row]:
    """One row for each replica: what it ran in a burst, and what that cost it."""
    rows: list[Row] = []
    for name in names:
        own = samples[samples["replica"] == name]
        tree = processes[processes["replica"] == name]
        # A burst begins when no run is left, so every one seen since is its own. (Creation times would not
        # do: they count from the start of the machine, which the kernel tells in whole seconds.)
        alive = (tree["role"] == "run") & (tree["status"] != "zombie")
        made = tree.loc[alive & (tree[AT] >= times.released), "pid"].nunique()
        mine = runs[runs["replica"] == name]
        rows.append(
            {
                "replica": name,
                "runs": len(mine),
                "runs_succeeded": int((mine["status"] == "SUCCESS").sum()),
                "run_processes": int(made),
            }
            | summarise_readings(own, tree, times)
        )
    return rows

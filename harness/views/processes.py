"""The processes of a code server over time: whose memory it is, how many there are, and their threads. Pure.

Times are seconds since the first sample of the cell; memory is in MiB.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.views.timeline import MOST_POINTS, replicas_of, thin_each
from harness.views.units import MIB

WALK_SECONDS = 1.0
"""Processes of several code servers are read one server after another: so long is taken as one instant."""
WALKS_MISSED = 2
"""A server that was not read for so many instants is taken to hold what it held: readings come late."""
ROLES = ("server", "run", "step", "helper", "check", "other")
"""In the order in which they are stacked; any other comes after them."""
MEASURES = {"pss_bytes": "PSS", "uss_bytes": "USS", "rss_bytes": "RSS"}
"""In the order of preference: PSS shares out what processes have in common, USS leaves it out, and RSS counts
it for each of them."""


def measure_of(processes: pd.DataFrame) -> str | None:
    """The best column for sums of memory that has any values; None where there is none."""
    return next((one for one in MEASURES if one in processes and processes[one].notna().any()), None)


def roles(processes: pd.DataFrame, start: float, measure: str = "pss_bytes") -> pd.DataFrame:
    """Memory by role of the process: `seconds`, `burst`, `role` and `memory_mib`, the sum of `measure`.

    Not every walk reads it: where that of one server does, the others hold what they held. One role stands
    on the other, from `below_mib` to `above_mib`. (Left to stack them by itself, a chart fills the gaps
    between bursts.)
    """
    columns = ["seconds", "burst", "role", "memory_mib", "below_mib", "above_mib"]
    known = processes[processes[measure].notna()]
    if known.empty:
        return pd.DataFrame(columns=columns)
    walks = known.groupby([*_walks(known), "role"])
    walked = processes.groupby(_walks(processes)[:3]).size().index
    sums = _all_servers(walks[measure].sum().unstack("role").fillna(0.0), walked)
    read = walks.size().groupby(level=[0, 1]).size().index
    sums = sums.loc[sums.index.isin(read)]
    if len(sums) > MOST_POINTS:  # every so many readings: they are two a second, and areas have no spikes
        sums = sums.iloc[:: int(np.ceil(len(sums) / MOST_POINTS))]
    order = [*(one for one in ROLES if one in sums), *(one for one in sums if one not in ROLES)]
    of_role = (sums[order] / MIB).rename_axis(columns="role")
    above = of_role.cumsum(axis="columns")
    long = pd.DataFrame(
        {"memory_mib": of_role.stack(), "below_mib": (above - of_role).stack(), "above_mib": above.stack()}
    ).reset_index()
    return long.assign(seconds=_since(long["at_epoch_seconds"], start))[columns]


def counts(processes: pd.DataFrame, start: float) -> pd.DataFrame:
    """How many there are: `seconds`, `burst`, `line`, `what` (threads, processes) and `number`; thinned.

    Those that have ended, and only wait for their parent to notice, are not counted.
    """
    alive = processes[(processes["status"] != "zombie") & processes["threads"].notna()]
    if alive.empty:
        return pd.DataFrame(columns=["seconds", "burst", "line", "what", "number"])
    walks = alive.groupby(_walks(alive))["threads"]
    by_walk = pd.DataFrame({"threads": walks.sum(), "processes": walks.count()})
    long = (
        _all_servers(by_walk.rename_axis(columns="what"))
        .reset_index()
        .melt(["at_epoch_seconds", "burst"], value_name="number")
    )
    long = long.assign(seconds=_since(long["at_epoch_seconds"], start), replica="all")
    found = [thin_each(rows, "number") for _, rows in long.groupby("what", sort=False)]
    return pd.concat(found, ignore_index=True)[["seconds", "burst", "line", "what", "number"]]


def _walks(processes: pd.DataFrame) -> list[pd.Series]:
    """What tells the walks through the processes apart: their instant, burst, code server and time."""
    at = (processes["at_epoch_seconds"] / WALK_SECONDS).round() * WALK_SECONDS
    walk = processes["at_epoch_seconds"].rename("walk")
    return [at, processes["burst"], replicas_of(processes), walk]


def _since(instants: pd.Series, start: float) -> pd.Series:
    """Seconds since the start; an instant is rounded, and the first may come out before it."""
    return (instants - start).clip(lower=0)


def _all_servers(by_walk: pd.DataFrame, walked: pd.Index | None = None) -> pd.DataFrame:
    """Sums over the code servers by instant and burst, of the means of each one's walks at that instant.

    Args:
        by_walk: what was read.
        walked: instants, bursts and servers of all walks, also of those that left this out.
    """
    of_each = by_walk.groupby(level=[0, 1, 2]).mean()
    if walked is not None:
        of_each = of_each.reindex(walked).groupby(level=["burst", "replica"]).ffill()
    of_servers = of_each.unstack("replica")
    held = pd.DataFrame(of_servers.groupby(level="burst").ffill(limit=WALKS_MISSED))
    begun = pd.DataFrame(held.notna().groupby(level="burst").cummax())
    soon = pd.DataFrame(held.groupby(level="burst").bfill(limit=1))
    held = held.where(begun, soon)  # at a burst's begin all of them are up
    return pd.DataFrame(held.T.groupby(level=0).sum().T)

"""Pings over time: how long they took, and what they told beside what was so. Pure.

Times are seconds since the first sample of the cell.
"""

from __future__ import annotations

import pandas as pd

from harness.views.timeline import replicas_of, thin_each

TRUE = {
    "requests_in_progress": "requests in progress",
    "runs_in_progress": "runs in progress",
}
"""Counted by the harness, over all code servers together."""
TOLD = {
    "num_running_requests": "told: running requests",
    "num_queued_requests": "told: queued requests",
    "max_concurrent_requests": "told: most at once",
}
"""By each code server of itself."""


def latencies(pings: pd.DataFrame, start: float) -> pd.DataFrame:
    """Answered ones: `seconds` (sent), `burst`, `line`, `replica`, `answered_after_seconds`; thinned."""
    rows = pd.DataFrame(
        {
            "seconds": pings["sent_epoch_seconds"] - start,
            "burst": pings["burst"],
            "replica": replicas_of(pings),
            "answered_after_seconds": pings["answered_epoch_seconds"] - pings["sent_epoch_seconds"],
        }
    )
    return thin_each(rows, "answered_after_seconds")


def unanswered(pings: pd.DataFrame, start: float) -> pd.DataFrame:
    """Those that got no answer: `seconds` (sent), `burst`, `replica`, `outcome` (`timeout` or `error`)."""
    lost = pings[pings["answered_epoch_seconds"].isna()]
    return pd.DataFrame(
        {
            "seconds": lost["sent_epoch_seconds"] - start,
            "burst": lost["burst"],
            "replica": replicas_of(lost),
            "outcome": lost["outcome"],
        }
    )


def told(pings: pd.DataFrame, start: float) -> pd.DataFrame:
    """What Pings told and what was so, long and thinned.

    Columns `seconds` (sent), `burst`, `line`, `replica`, `what` and `number`.
    """
    rows = pings.assign(seconds=pings["sent_epoch_seconds"] - start, replica=replicas_of(pings))
    found = []
    for column, what in (TRUE | TOLD).items():
        servers = rows["replica"] if column in TOLD else "all"
        own = rows[["seconds", "burst"]].assign(replica=servers, what=what, number=rows[column])
        found.append(thin_each(own, "number"))
    return pd.concat(found, ignore_index=True)

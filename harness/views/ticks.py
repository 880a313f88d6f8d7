"""How long ticks took to be evaluated and answered. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.sizing.fitting import measured_bursts

MOST_SHARES = 60
"""Points of a line."""
WHATS = {"began_epoch_seconds": "evaluation began", "answered_epoch_seconds": "answered"}


def shares(ticks: pd.DataFrame, bursts: pd.DataFrame, cell_id: str) -> pd.DataFrame:
    """Of the ticks fired at once, the share that took at most so long.

    Columns `at_once`, `what`, `share`, `seconds` from the intended instant, and `ticks`, those behind a line:
    of all measured bursts that fired as many. Ticks that were not evaluated are not among them.
    """
    columns = ["at_once", "what", "share", "seconds", "ticks"]
    rows = measured_bursts(bursts, cell_id)
    if rows.empty or ticks.empty:
        return pd.DataFrame(columns=columns)
    fired = rows.set_index("burst")["ticks"].fillna(rows.set_index("burst")["level"])
    own = ticks[(ticks["outcome"] == "evaluated") & ticks["burst"].isin(rows["burst"])]
    found = []
    for at_once, group in own.groupby(own["burst"].map(fired)):
        for column, what in WHATS.items():
            took = (group[column] - group["intended_epoch_seconds"]).dropna().to_numpy(np.float64)
            if len(took):
                share = np.linspace(0, 1, max(2, min(len(took), MOST_SHARES)))
                lines = {"share": share, "seconds": np.quantile(took, share)}
                found.append(pd.DataFrame(lines).assign(at_once=int(at_once), what=what, ticks=len(took)))
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def not_evaluated(ticks: pd.DataFrame, bursts: pd.DataFrame, cell_id: str) -> int:
    """How many ticks of measured bursts were not."""
    rows = measured_bursts(bursts, cell_id)
    return int((ticks["burst"].isin(rows["burst"]) & (ticks["outcome"] != "evaluated")).sum())

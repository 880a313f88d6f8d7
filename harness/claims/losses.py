"""What went down with a code server, by burst; used by the claims on losses. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from harness.claims.base import Needs
from harness.claims.figures import column
from harness.claims.measured import Measured

EXPECTS = frozenset({"failed-runs", "oom-kill", "server-lost", "not-drained", "missed-readings"})
"""What a loss shows. Readings are missed while a code server that died is started again."""

NEEDS = Needs(containers=True, why="the code server's death is seen and survived there")
"""Of claims in which a code server may die at its memory limit."""


@dataclass(frozen=True)
class ServerLoss:
    """A burst in which a code server died."""

    cause: str
    """`oom`, `exit` or `killed` (by the harness, as the kernel does)."""
    in_flight: int
    """Runs whose process was up on any replica when the first code server died."""
    lost: int
    """Those of them that did not succeed."""
    lost_run_seconds: float
    """How long those had been running, together."""
    stuck: int
    """Runs of the burst that Dagster still holds to be in progress, long after."""
    back_after_seconds: float
    """Until the code server took connections again."""


def server_losses(result: Measured) -> list[ServerLoss]:
    """The bursts of a result in which a code server died, in the order measured."""
    runs = result.rows("runs")
    found: list[ServerLoss] = []
    for burst in result.bursts().to_dict("records"):
        at = float(burst.get("lost_at_epoch_seconds", np.nan))
        if not np.isfinite(at):
            continue
        own = runs[(runs["cell_id"] == burst["cell_id"]) & (runs["burst"] == burst["burst"])]
        flying = own[in_flight(own, at)]
        lost = flying[flying["status"] != "SUCCESS"]
        begun = column(lost, "run_start_epoch_seconds")
        # a run that died before its first step has done no work that could be lost
        age = np.nan_to_num(np.maximum(at - begun, 0.0))
        found.append(
            ServerLoss(
                cause=str(burst["lost_cause"]),
                in_flight=len(flying),
                lost=len(lost),
                lost_run_seconds=float(age.sum()),
                stuck=int(burst["runs_stuck"]),
                back_after_seconds=float(burst["back_after_seconds"]),
            )
        )
    return found


def in_flight(runs: pd.DataFrame, at: float) -> np.ndarray:
    """Which runs had their process up at the instant `at`; shape (n,), of bool.

    The end of a process is its exit or, where its code server died before it could say so, its run's end.
    """
    begin = column(runs, "process_started_epoch_seconds")
    exited, ended = column(runs, "process_exited_epoch_seconds"), column(runs, "run_end_epoch_seconds")
    end = np.where(np.isfinite(exited), exited, ended)
    return np.asarray((begin <= at) & ~(end <= at))

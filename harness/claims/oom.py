"""Whether the kernel's kill at the memory limit took the server and all its runs. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.claims.base import Decision, Number
from harness.claims.figures import column
from harness.claims.losses import server_losses
from harness.claims.measured import Measured
from harness.claims.rules import unanimous

SAYS = (
    "ECS task memory | Hard | OOM kill — task restarts. Single server OOM: lose all 15 in-flight runs, task "
    "restarts"
)
RULE = (
    "By burst in which the kernel killed something at the limit: all is lost if it took the code server "
    "and no run in flight succeeded; it is not if the code server lived on. Supported if all was lost in "
    "every burst (at least 3), refuted if in none; a burst without a kill leaves it open."
)


def decide_oom(result: Measured, experiment: str) -> Decision:
    """What did the kernel take at the memory limit?"""
    bursts = result.bursts()
    kills, succeeded, launches = (
        column(bursts, name) for name in ("oom_kills", "runs_succeeded", "launches")
    )
    died = np.isfinite(column(bursts, "lost_at_epoch_seconds"))
    losses = server_losses(result)
    took_all = iter(loss.cause == "oom" and loss.lost == loss.in_flight > 0 for loss in losses)
    outcomes: list[bool | None] = [
        (next(took_all) or None) if gone else (False if killed > 0 else None)
        for killed, gone in zip(kills, died, strict=True)
    ]
    source = f"{experiment}: bursts, runs"
    count = len(bursts)
    numbers = [
        Number("bursts that lost the server", int(died.sum()), None, None, "bursts", count, source),
        Number("runs that succeeded", np.nansum(succeeded), None, None, "runs", count, source),
        Number("runs launched", np.nansum(launches), None, None, "runs", count, source),
    ]
    evidence = f"the code server died in {int(died.sum())} of {count} bursts"
    if losses:
        flying, lost = (sum(getattr(loss, name) for loss in losses) for name in ("in_flight", "lost"))
        back = float(np.mean([loss.back_after_seconds for loss in losses]))
        numbers += [
            Number("runs in flight when it died", flying, None, None, "runs", len(losses), source),
            Number("of them lost", lost, None, None, "runs", len(losses), source),
            Number("back after", back, None, None, "seconds", len(losses), source),
        ]
        evidence += f", {lost} of {flying} runs in flight were lost with it"
    if (~died).any():
        spared, of = np.nansum(succeeded[~died]), np.nansum(launches[~died])
        evidence += (
            f"; where it lived on, {np.nansum(kills[~died]):.0f} processes were killed{_first(bursts[~died])}"
            f" and {spared:.0f} of {of:.0f} runs succeeded"
        )
    stuck = np.nansum(column(bursts, "runs_stuck"))
    numbers.append(Number("runs left in progress", stuck, None, None, "runs", count, source))
    evidence += f"; {stuck:.0f} runs were left in progress in Dagster's records"
    return Decision(unanimous(outcomes), evidence, tuple(numbers))


def _first(bursts: pd.DataFrame) -> str:
    """The first process of a run or step that was killed, in brackets; empty where none can be told."""
    named = [text for text in bursts.get("oom_victims", ()) if text]
    return f" (the first: {named[0].split('; ')[0]})" if named else ""


def hit(bursts: pd.DataFrame) -> NDArray[np.bool_]:
    """In which bursts the kernel killed something at the memory limit; shape (n,)."""
    causes = bursts["lost_cause"] if "lost_cause" in bursts else pd.Series("", index=bursts.index)
    return np.asarray((column(bursts, "oom_kills") > 0) | (causes == "oom").to_numpy(bool))

"""Whether bursts above a limit of the guide's table went through unhampered; used by its rows. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.claims.base import Decision, Number
from harness.claims.figures import column
from harness.claims.measured import Measured
from harness.claims.rules import unanimous
from harness.model.linear import Array

FINE, STRETCHED = 1.25, 1.5
"""Mean length of the runs of a burst over the length they were meant to have."""

EXPECTS = frozenset({"failed-runs", "oom-kill", "server-lost", "not-drained"})
"""What a limit that is real would show."""


def decide_limit(
    result: Measured, experiment: str, above: int, least_at_once: int | None, least_bursts: int
) -> Decision:
    """By burst of more than `above` runs: did it hit a limit?

    Args:
        result: the experiment's result.
        experiment: its name, for the figures' source.
        above: bursts of higher levels count.
        least_at_once: runs that must have been in progress at once to speak against a limit; None for all.
        least_bursts: that must agree.
    """
    bursts = result.bursts()
    bursts = bursts[column(bursts, "level") > above]
    if bursts.empty:
        return Decision("inconclusive", f"no burst of more than {above} runs")
    at_once = column(bursts, "concurrency_peak")
    needed = column(bursts, "level") if least_at_once is None else np.full(len(bursts), float(least_at_once))
    stretch = _stretch(bursts, intended_seconds(result, bursts))
    outcomes = hit_a_limit(bursts, stretch, needed)
    fine, hit = outcomes.count(False), outcomes.count(True)
    levels = " and ".join(str(int(one)) for one in np.unique(column(bursts, "level")))
    lengths = ", ".join(f"{one:.2f}" for one in stretch if np.isfinite(one)) or "no figure"
    succeeded, launches = (np.nansum(column(bursts, name)) for name in ("runs_succeeded", "launches"))
    evidence = (
        f"of {len(bursts)} bursts of {levels} runs {fine} went through unhampered and {hit} hit a limit: "
        f"{succeeded:.0f} of {launches:.0f} runs succeeded, {_range(at_once)} at once, and took {lengths} "
        f"times as long as meant (by burst)"
    )
    source = f"{experiment}: bursts"
    numbers = [
        Number("bursts unhampered", fine, None, None, "bursts", len(bursts), source),
        Number("bursts that hit a limit", hit, None, None, "bursts", len(bursts), source),
    ]
    if np.isfinite(stretch).any():
        mean = float(np.nanmean(stretch))
        seen = int(np.isfinite(stretch).sum())
        told_by = f"{experiment}: bursts.run_seconds / runs_succeeded over the length meant"
        numbers.append(Number("length of runs / length meant", mean, None, None, "", seen, told_by))
    return Decision(unanimous(outcomes, least_bursts), evidence, tuple(numbers))


def intended_seconds(result: Measured, bursts: pd.DataFrame) -> Array:
    """How long the runs of each burst were meant to last; shape (n,).

    A duration of the scenario's own, where it has one; `hold_seconds` is then not what the runs got. `mixed`
    runs compute on top of it.
    """
    workloads = result.document.scenario.workloads
    extra = sum(one.cpu_seconds for one in workloads[:1] if one.workload == "mixed")
    durations = {one.duration_seconds for one in workloads}
    if len(durations) == 1 and (fixed := durations.pop()) is not None:
        return np.full(len(bursts), fixed + extra)
    held: Array = column(bursts, "hold_seconds") + extra
    return held


def hit_a_limit(bursts: pd.DataFrame, stretch: Array, at_once: Array) -> list[bool | None]:
    """By burst: True if runs failed or took over 1.5 times as long as meant; False if all succeeded, at least
    `at_once` at once, in no more than 1.25 times; None between, or where a figure is missing."""
    names = ("launches", "runs_succeeded", "concurrency_peak", "drained")
    columns = (column(bursts, name) for name in names)
    return [_outcome(*figures) for figures in zip(*columns, stretch, at_once, strict=True)]


def _outcome(
    launches: float, succeeded: float, peak: float, drained: float, stretch: float, at_once: float
) -> bool | None:
    if launches > 0 and succeeded < launches:
        return True
    if not np.isfinite([launches, succeeded, peak, stretch]).all():
        return None
    if stretch > STRETCHED:
        return True
    return False if drained == 1 and peak >= at_once and stretch <= FINE else None


def _stretch(bursts: pd.DataFrame, meant: Array) -> Array:
    succeeded = column(bursts, "runs_succeeded")
    whole = (succeeded > 0) & (meant > 0)
    mean = column(bursts, "run_seconds") / np.where(whole, succeeded, np.nan)
    return np.asarray(mean / np.where(whole, meant, np.nan))


def _range(values: Array) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return "an unknown number"
    low, high = int(known.min()), int(known.max())
    return f"{low}" if low == high else f"{low} to {high}"

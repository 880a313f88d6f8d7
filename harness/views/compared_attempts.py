"""The attempts of a trial beside where it was predicted to break, for a picture. Pure."""

from __future__ import annotations

import pandas as pd

from harness.results.trial_document import TrialDocument
from harness.views.units import MIB

ATTEMPTS = ["attempt", "memory_mib", "runs", "outcome", "held", "bursts", "peak_mib", "at"]
"""Columns of `attempts_of`."""
PREDICTED = ["axis", "what", "memory_mib", "runs", "memory_low", "memory_high", "runs_low", "runs_high"]
"""Columns of `predicted_of`."""


def attempts_of(trial: TrialDocument) -> pd.DataFrame:
    """A row for each attempt, with the columns `ATTEMPTS`.

    `at` tells what is special: `recommended`, or `broke` where it is the easiest that was killed.
    """
    rows = [
        {
            "attempt": one.folder,
            "memory_mib": one.memory_bytes / MIB,
            "runs": one.runs,
            "outcome": one.outcome,
            "held": one.bursts_held,
            "bursts": one.bursts,
            "peak_mib": None if one.memory_peak_bytes is None else one.memory_peak_bytes / MIB,
            "at": _special(trial, one.folder, one.memory_bytes, one.runs),
        }
        for one in trial.attempts
    ]
    return pd.DataFrame(rows, columns=ATTEMPTS)


def predicted_of(trial: TrialDocument) -> pd.DataFrame:
    """A row for each boundary, with the columns `PREDICTED`: where it was predicted, and its interval.

    A boundary in runs lies at one memory limit and has an interval of runs; one in memory the other way.
    """
    rows = []
    for one in trial.boundaries:
        along = one.axis == "runs"
        fixed = (one.memory_bytes if along else one.runs) or 0
        scale = 1 if along else MIB
        low, middle, high = (v / scale for v in (one.predicted_low, one.predicted, one.predicted_high))
        memory = [fixed / MIB] * 3 if along else [middle, low, high]
        runs = [middle, low, high] if along else [fixed] * 3
        rows.append([one.axis, "predicted", memory[0], runs[0], memory[1], memory[2], runs[1], runs[2]])
    return pd.DataFrame(rows, columns=PREDICTED)


def _special(trial: TrialDocument, folder: str, memory_bytes: int, runs: int) -> str:
    if folder == "size":
        return "recommended"
    broke = [
        (one.broke, one.memory_bytes) == (runs, memory_bytes)
        if one.axis == "runs"
        else (one.runs, one.broke) == (runs, memory_bytes)
        for one in trial.boundaries
    ]
    return "broke" if any(broke) else ""

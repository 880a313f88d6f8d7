"""Who made the peak: memory at the highest moment by role and step, from the processes seen then. Pure."""

from __future__ import annotations

import re

import pandas as pd

from harness.results.result_document import CellRecord, PeakPartRecord, ResultDocument
from harness.results.table_schema import filled
from harness.sizing.fitting import measured_bursts

STARTING = "(starting)"
"""Stands for the key of a step that has a process, and has not told of it yet."""
MEASURES = ("pss_bytes", "uss_bytes", "rss_bytes")
"""The first that could be read counts."""
_MAPPED = re.compile(r"\[[^\]]*\]")


def with_peak_parts(
    document: ResultDocument,
    bursts: pd.DataFrame,
    processes: pd.DataFrame,
    steps: pd.DataFrame,
    runs: pd.DataFrame,
) -> ResultDocument:
    """The document with the parts of every cell's peak; none where no process was read."""
    cells = tuple(
        cell.model_copy(update={"peak_parts": _parts(cell, bursts, processes, steps, runs)})
        for cell in document.cells
    )
    return document.model_copy(update={"cells": cells})


def _parts(
    cell: CellRecord, bursts: pd.DataFrame, processes: pd.DataFrame, steps: pd.DataFrame, runs: pd.DataFrame
) -> tuple[PeakPartRecord, ...]:
    rows = measured_bursts(bursts, cell.cell_id)
    if rows.empty or processes.empty or rows["memory_peak_bytes"].isna().all():
        return ()
    row = rows.sort_values("memory_peak_bytes", na_position="first").iloc[-1]
    walked, its_steps, its_runs = (
        table[(table["cell_id"] == cell.cell_id) & (table["burst"] == row["burst"])] if len(table) else table
        for table in (filled("processes", processes), steps, runs)
    )
    seen = walked[walked["at_epoch_seconds"] >= row["released_epoch_seconds"]]
    measure = next((one for one in MEASURES if seen[one].notna().any()), None)
    if measure is None:
        return ()
    highest = highest_moment(seen[seen[measure].notna()], measure)
    labelled = highest.assign(step=steps_at_work(highest, its_steps, its_runs))
    whole = float(labelled[measure].sum())
    found = [
        PeakPartRecord(
            role=str(role),
            step=str(step),
            processes=len(group),
            memory_bytes=float(group[measure].sum()),
            share=float(group[measure].sum()) / whole,
        )
        for (role, step), group in labelled.groupby(["role", "step"])
    ]
    return tuple(sorted(found, key=lambda one: (-one.memory_bytes, one.role, one.step)))


def highest_moment(seen: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The rows of the walk at which all code servers together held most.

    Several are walked one after another: of each, its latest walk by then counts.

    Args:
        seen: rows of the table of processes, of one burst.
        measure: its column of memory.
    """
    walks = seen.groupby(["at_epoch_seconds", "replica"], dropna=False)[measure].sum().unstack("replica")
    held = walks.ffill()
    at = held.sum(axis=1).idxmax()
    until = seen[seen["at_epoch_seconds"] <= at]
    latest = until.groupby("replica", dropna=False)["at_epoch_seconds"].transform("max")
    return until[until["at_epoch_seconds"] == latest]


def steps_at_work(processes: pd.DataFrame, steps: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    """For each process the key of the step that was at work in it; empty where none was.

    Args:
        processes: of one moment.
        steps: rows of the table of steps, of the same burst.
        runs: rows of the table of runs: the process and the code server of each.
    """
    if steps.empty or runs.empty:
        return [""] * len(processes)
    of_run = steps.merge(runs[["run_id", "pid", "replica"]], on="run_id", suffixes=("", "_of_run"))
    own = of_run["pid"].notna()
    attempts = of_run.assign(
        role=own.map({True: "step", False: "run"}),
        pid=of_run["pid"].fillna(of_run["pid_of_run"]),
        # A process of its own may be seen after its step has ended, and is still the step's.
        until=of_run["ended_epoch_seconds"].where(~own).fillna(float("inf")),
    ).sort_values("began_epoch_seconds")
    return [_step_of(process, attempts) for _, process in processes.iterrows()]


def _step_of(process: pd.Series, attempts: pd.DataFrame) -> str:
    at = process["at_epoch_seconds"]
    found = attempts[
        (attempts["role"] == process["role"])
        & (attempts["pid"] == process["pid"])
        & (attempts["replica"] == process["replica"])
        & (attempts["began_epoch_seconds"] <= at)
        & (at <= attempts["until"])
    ]
    if len(found):
        return _MAPPED.sub("[*]", str(found["step"].iloc[-1]))
    return STARTING if process["role"] == "step" else ""

"""The raw tables of a burst; their columns are the same when they are empty. Pure."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pandas as pd

from harness.load.generator import Sent
from harness.target.run_histories import RunHistory, StepHistory

_EVALUATION = ("began_epoch_seconds", "ended_epoch_seconds", "pid", "thread")
"""What the ticks of `workloads/` say of their evaluation."""


def launches_frame(sent: list[Sent]) -> pd.DataFrame:
    """The launches of runs."""
    return _sent_frame([one for one in sent if one.kind == "launch"]).drop(columns="kind")


def ticks_frame(sent: list[Sent]) -> pd.DataFrame:
    """The ticks, with what those of `workloads/` tell of their own evaluation; nan for all others."""
    ticks = [one for one in sent if one.kind != "launch"]
    said = pd.DataFrame([_read_evaluation(one.message) for one in ticks], columns=list(_EVALUATION))
    return pd.concat([_sent_frame(ticks).drop(columns=["run_id"]), said.astype("float64")], axis=1)


def runs_frame(runs: list[RunHistory]) -> pd.DataFrame:
    """What became of the runs."""
    names = [f.name for f in fields(RunHistory) if f.name != "attempts"]
    frame = pd.DataFrame([{name: getattr(run, name) for name in names} for run in runs], columns=names)
    times = [name for name in names if name.endswith("_epoch_seconds")]
    return frame.astype(dict.fromkeys(times, "float64"))


def steps_frame(runs: list[RunHistory]) -> pd.DataFrame:
    """Every attempt of a step."""
    names = [f.name for f in fields(StepHistory)]
    rows = [
        {"run_id": run.run_id} | {name: getattr(attempt, name) for name in names}
        for run in runs
        for attempt in run.attempts
    ]
    numbers = dict.fromkeys(("pid", "began_epoch_seconds", "ended_epoch_seconds"), "float64")
    return pd.DataFrame(rows, columns=["run_id", *names]).astype(numbers)


def companions_frame(samples: pd.DataFrame) -> pd.DataFrame:
    """The samples of the webserver and the daemon, as they are kept."""
    kept = ["at_epoch_seconds", "usage_bytes", "memory_bytes", "cpu_seconds"]
    return samples[[*kept, "replica"]].rename(columns={"replica": "companion"})


def pings_frame(
    pings: pd.DataFrame, runs: pd.DataFrame, launches: pd.DataFrame, ticks: pd.DataFrame
) -> pd.DataFrame:
    """The Pings beside the truth at the instants they were sent.

    `runs_in_progress` counts processes of runs that were up, `requests_in_progress` launches and ticks that
    were sent but not answered; both of all replicas together.
    """
    at = pings["sent_epoch_seconds"].to_numpy(float)
    requests = pd.concat([launches, ticks], ignore_index=True)
    return pings.assign(
        runs_in_progress=_in_progress(
            at, runs["process_started_epoch_seconds"], runs["process_exited_epoch_seconds"]
        ),
        requests_in_progress=_in_progress(
            at, requests["sent_epoch_seconds"], requests["answered_epoch_seconds"]
        ),
    )


def _in_progress(at: np.ndarray, starts: pd.Series, ends: pd.Series) -> np.ndarray:
    """How many of the intervals hold each instant; one without an end goes on."""
    begin = pd.to_numeric(starts).to_numpy(float, na_value=np.nan)
    end = np.nan_to_num(pd.to_numeric(ends).to_numpy(float, na_value=np.nan), nan=np.inf)
    held = (begin[None, :] <= at[:, None]) & (at[:, None] < end[None, :])
    return np.asarray(held.sum(axis=1), dtype="int64")


def _sent_frame(sent: list[Sent]) -> pd.DataFrame:
    names = [f.name for f in fields(Sent)]
    frame = pd.DataFrame([{name: getattr(one, name) for name in names} for one in sent], columns=names)
    times = [name for name in names if name.endswith("_epoch_seconds")]
    return frame.astype(dict.fromkeys(times, "float64"))


def _read_evaluation(message: str) -> dict[str, float]:
    try:
        said = json.loads(message)
    except ValueError:
        said = None
    values = said if isinstance(said, dict) else {}
    return {name: float(values.get(name, "nan")) for name in _EVALUATION}

"""From the raw tables of an observed deployment to the lives of its server, as the model takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from harness.model.linear import Array
from harness.model.live_runs import LiveRuns
from harness.model.observed_load import JobRuns, Life
from harness.results.observed_record import LifeRecord, ObservedRecord
from harness.sizing.run_lives import INFINITY, RunLife
from harness.target.run_histories import BEGUN

FEWEST_OF_A_JOB = 20
"""Jobs with fewer runs are one kind together: each alone would be told by too little."""
OTHERS = "other jobs"
LEAST_TICK_SECONDS = 0.01
"""So long an evaluation takes at least; one of a daemon that died has no end."""

Groups = Mapping[str, tuple[str, ...]]
"""What is told apart: a name, and the jobs that go by it."""


def read_lives(runs: pd.DataFrame) -> tuple[RunLife, ...]:
    """Runs of the table `runs`, as they were told: `completed` fills in what no log says."""

    def instants(stage: str) -> Array:
        return pd.to_numeric(runs[f"{stage}_epoch_seconds"]).to_numpy(float, na_value=np.nan)

    launched, up, began, ended, exited = map(
        instants, ("starting", "process_started", "started", "ended", "process_exited")
    )
    goes_on = runs["status"].isin(BEGUN).to_numpy(bool)
    ended, exited = (np.where(goes_on, INFINITY, one) for one in (ended, exited))
    told = zip(runs["run_id"], runs["job"], runs["status"], launched, up, began, ended, exited, strict=True)
    return tuple(
        RunLife(run_id, job, "", status, *map(float, rest))  # the job's name holds its location
        for run_id, job, status, *rest in told
    )


def kinds_of(runs: Sequence[RunLife]) -> dict[str, tuple[str, ...]]:
    """Jobs by the name they go by, the most frequent first; rare ones go together."""
    counted = pd.Series([one.job for one in runs]).value_counts()
    frequent = [str(job) for job in counted.index[counted >= FEWEST_OF_A_JOB]]
    rare = tuple(str(job) for job in counted.index[counted < FEWEST_OF_A_JOB])
    if len(rare) == 1 or not frequent:
        return {job: (job,) for job in (*frequent, *rare)}
    return {job: (job,) for job in frequent} | ({OTHERS: rare} if rare else {})


def server_lives(
    observed: ObservedRecord, scrapes: pd.DataFrame, runs: Sequence[RunLife], kinds: Groups, quantity: str
) -> tuple[Life, ...]:
    """The lives of the server with one column of the table `scrapes`, and the runs of each kind in them.

    A run is in the newest life in which its process came up, and does not outlive it.
    One that was up before the first life is in that: not every source tells when a server started.
    """
    up = np.array([one.up for one in runs])
    found = []
    for number, life in enumerate(observed.lives):
        rows = scrapes[scrapes["instance"] == life.name]
        values = pd.to_numeric(rows[quantity]).to_numpy(float, na_value=np.nan)
        at = rows["at_epoch_seconds"].to_numpy(float)
        known = np.isfinite(values)
        since, replaced, until = _of_processes(observed.lives, number)
        mine = [runs[int(place)] for place in np.flatnonzero((up >= since) & (up < min(replaced, until)))]
        found.append(
            Life(
                life.began_epoch_seconds,
                at[known],
                values[known],
                {
                    name: _phases([one for one in mine if one.job in jobs], until)
                    for name, jobs in kinds.items()
                },
            )
        )
    return tuple(found)


def with_ticks(lives: Sequence[Life], ticks: pd.DataFrame | None) -> tuple[Life, ...]:
    """The same with the table `daemon_ticks`; what is evaluated while two live is laid to both."""
    if ticks is None:
        return tuple(lives)
    began, ended = (ticks[f"{name}_epoch_seconds"].to_numpy(float) for name in ("began", "ended"))
    told = LiveRuns(began, np.maximum(ended, began + LEAST_TICK_SECONDS))
    return tuple(replace(life, ticks=told) for life in lives)


def _of_processes(lives: Sequence[LifeRecord], number: int) -> tuple[float, float, float]:
    """When the processes of a life began, when others replaced them, and when they ended.

    They live beyond it where only a limit was changed.
    """
    first, last = number, number
    while first and lives[first].goes_on:
        first -= 1
    while last + 1 < len(lives) and lives[last + 1].goes_on:
        last += 1
    ended = lives[last].ended_epoch_seconds
    return (
        lives[first].began_epoch_seconds if first else -INFINITY,
        lives[last + 1].began_epoch_seconds if last + 1 < len(lives) else INFINITY,
        INFINITY if ended is None else ended,
    )


def _phases(runs: Sequence[RunLife], until: float) -> JobRuns:
    """A run's process is spawned as its launch begins, and tells of itself when it has imported Dagster."""

    def instants(name: str) -> Array:
        told: Array = np.array([getattr(one, name) for one in runs], dtype=float)
        return np.minimum(told, until)

    spawned = np.minimum(instants("launched"), instants("up"))
    began = np.maximum(instants("began"), spawned)
    return JobRuns(LiveRuns(spawned, began), LiveRuns(began, np.maximum(instants("exited"), began)))

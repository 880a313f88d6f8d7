"""What was live at the scrapes of a server that others load, and what can be told from it. Pure.

Lives of the server, its runs by job, and the regressors that come of them: which of them vary, and which go
together so that nobody can tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.linear import Array
from harness.model.live_runs import LiveRuns
from harness.model.observed_resamples import Numbers, inflation, inside
from harness.model.scrapes import LAGS, block_seconds, blocks_of

SETTLE_SECONDS = 60.0
"""Scrapes so soon after the begin of a life are left out: the server still loads code."""
HIGHEST_INFLATION = 10.0
"""Regressors whose variance is inflated more by the others cannot be told apart (Belsley et al. 1980)."""
GAP_INTERVALS = 3.0
"""Scrapes further apart than so many intervals have a gap between them."""
_UNEVEN = 0.15
_STILL = 1e-9


@dataclass(frozen=True)
class JobRuns:
    """Runs of one job on one server, in the two phases of their processes.

    Both have the same runs in the same order; a run that never got to run is in `starting` alone.
    """

    starting: LiveRuns
    """From the begin of the process to the begin of the run."""
    running: LiveRuns
    """From there to the end of the process."""


@dataclass(frozen=True)
class Life:
    """One life of the server, and the scrapes of one quantity in it."""

    began: float
    """Epoch seconds."""
    at: Array
    """Stamps of the scrapes, epoch seconds, ascending; shape (scrapes,)."""
    values: Array
    """Shape of `at`."""
    runs: Mapping[str, JobRuns]
    """By job; the same jobs in every life, in the same order. Only runs of this life."""


@dataclass(frozen=True)
class Sampling:
    """What a scrape is."""

    interval: float
    """Seconds between scrapes."""
    window: float = 0.0
    """Seconds before its stamp that a scrape is the mean of; 0 for an instant."""
    lags: Sequence[float] = LAGS
    """Seconds that stamps may be late by; one where that is known."""


@dataclass(frozen=True)
class Equations:
    """Scrapes of all lives in one row, and what each is of."""

    lives: tuple[Life, ...]
    at: tuple[Array, ...]
    """Stamps, of each life."""
    window: tuple[Array | float, ...]
    """Seconds before the stamps that values are the mean of, of each life; 0 for instants."""
    values: Array
    """Shape (scrapes,)."""
    segment: Numbers
    """Shape (scrapes,)."""
    blocks: Numbers
    """Shape (scrapes,)."""

    @property
    def jobs(self) -> tuple[str, ...]:
        return tuple(self.lives[0].runs)


@dataclass(frozen=True)
class Column:
    """A regressor: what it is in a life at instants, over a window before each of them."""

    name: str
    of: Callable[[Life, Array, Array | float], Array]

    def values(self, equations: Equations, lag: float) -> Array:
        """Shape (scrapes,)."""
        parts = zip(equations.lives, equations.at, equations.window, strict=True)
        return np.concatenate([self.of(life, at - lag, window) for life, at, window in parts])


def states(lives: Sequence[Life], sampling: Sampling) -> Equations:
    """Equations of what is as it is at each scrape, such as memory."""
    kept = [life.at >= life.began + SETTLE_SECONDS + sampling.window for life in lives]
    return _equations(
        lives,
        [life.at[mine] for life, mine in zip(lives, kept, strict=True)],
        [sampling.window for _ in lives],
        [life.values[mine] for life, mine in zip(lives, kept, strict=True)],
    )


def rates(lives: Sequence[Life]) -> Equations:
    """Equations of how fast a counter grows between neighbouring scrapes of a life, such as that of CPU."""
    at, window, values = [], [], []
    for life in lives:
        mine = life.at >= life.began + SETTLE_SECONDS
        stamps, gaps = life.at[mine], np.diff(life.at[mine])
        at.append(stamps[1:])
        window.append(gaps)
        values.append(np.diff(life.values[mine]) / gaps)
    return _equations(lives, at, window, values)


def _equations(
    lives: Sequence[Life], at: list[Array], window: Sequence[Array | float], values: list[Array]
) -> Equations:
    # A life without scrapes has no base.
    places = [place for place, stamps in enumerate(at) if len(stamps)]
    segment = np.repeat(np.arange(len(places)), [len(at[place]) for place in places])
    stamps = np.concatenate([at[place] for place in places]) if places else np.zeros(0)
    seconds = [durations(one.running) for place in places for one in lives[place].runs.values()]
    known = np.concatenate([*seconds, np.zeros(1)])
    span = sum(float(at[place][-1] - at[place][0]) for place in places)
    return Equations(
        tuple(lives[place] for place in places),
        tuple(at[place] for place in places),
        tuple(window[place] for place in places),
        np.concatenate([values[place] for place in places]) if places else np.zeros(0),
        segment,
        blocks_of(stamps, segment, block_seconds(known, span)) if places else segment,
    )


def durations(runs: LiveRuns) -> Array:
    """Seconds that those lived that have ended; shape (ended runs,)."""
    lived = runs.ended - runs.began
    return lived[np.isfinite(lived)]


def live(runs: LiveRuns, instants: Array, window: Array | float) -> Array:
    """How many are live at instants, or on average over the window before each; shape of `instants`."""
    return runs.mean(instants, window) if np.any(window) else runs.at(instants)


def starting(jobs: Sequence[str]) -> Column:
    """Runs of these jobs that start."""

    def of(life: Life, instants: Array, window: Array | float) -> Array:
        return _sum([live(life.runs[job].starting, instants, window) for job in jobs], instants)

    return Column("starting", of)


def running(jobs: Sequence[str]) -> Column:
    """Runs of these jobs that run."""

    def of(life: Life, instants: Array, window: Array | float) -> Array:
        return _sum([live(life.runs[job].running, instants, window) for job in jobs], instants)

    return Column(" + ".join(jobs), of)


def up(jobs: Sequence[str]) -> Column:
    """Runs of these jobs that start or run."""

    def of(life: Life, instants: Array, window: Array | float) -> Array:
        both = [phase for job in jobs for phase in (life.runs[job].starting, life.runs[job].running)]
        return _sum([live(runs, instants, window) for runs in both], instants)

    return Column(" + ".join(jobs), of)


def of_age(job: str, lowest: float, highest: float) -> Column:
    """Runs of a job that have been running for so many seconds."""

    def of(life: Life, instants: Array, window: Array | float) -> Array:
        return live(life.runs[job].running.of_age(lowest, highest), instants, window)

    return Column(f"{job} from {lowest:g} s", of)


def finished(jobs: Sequence[str]) -> Column:
    """Runs that have ended since the begin of the life."""

    def of(life: Life, instants: Array, window: Array | float) -> Array:
        middle = instants - np.asarray(window) / 2
        return _sum([life.runs[job].running.ended_by(middle) for job in jobs], instants)

    return Column("finished runs", of)


def hours() -> Column:
    """Hours since the begin of the life."""
    return Column(
        "hours", lambda life, instants, window: (instants - np.asarray(window) / 2 - life.began) / 3600
    )


def evenly_aged(equations: Equations) -> bool:
    """Whether scrapes meet as many runs in the first half of their start as in the second, or nearly.

    Where schedules and scrapes go by one clock they do not, and the mean over that phase is not to be had.
    """
    met, early = 0.0, 0.0
    for life, at, window in zip(equations.lives, equations.at, equations.window, strict=True):
        for job in life.runs.values():
            begun = job.starting.began
            half = LiveRuns(begun, begun + (job.starting.ended - begun) / 2)
            met += float(live(job.starting, at, window).sum())
            early += float(live(half, at, window).sum())
    return bool(abs(early - met / 2) <= _UNEVEN * met + np.sqrt(met))


def _sum(parts: Sequence[Array], instants: Array) -> Array:
    return np.asarray(sum(parts, np.zeros(len(instants))))


def varies(rows: Array, segment: Numbers) -> list[bool]:
    """Which regressors differ within a segment at all; shape (regressors,)."""
    spread = np.sqrt(np.mean(inside(rows, segment) ** 2, axis=0))
    return [
        bool(one > _STILL * max(1.0, size))
        for one, size in zip(spread, np.abs(rows).max(axis=0), strict=True)
    ]


def told_apart(lives: Sequence[Life], sampling: Sampling) -> tuple[tuple[str, ...], ...]:
    """Jobs in groups: those of one group are live at the same times, so that only their mean can be told.

    Jobs of which nothing can be told, as none was live at a scrape, are groups of their own.
    """
    equations = states(lives, sampling)
    return groups_of(equations) if len(equations.values) else tuple((job,) for job in lives[0].runs)


def groups_of(equations: Equations) -> tuple[tuple[str, ...], ...]:
    """As `told_apart`."""
    groups: list[tuple[str, ...]] = [(job,) for job in equations.jobs]
    while True:
        rows = np.column_stack([running(group).values(equations, 0.0) for group in groups])
        able = [place for place, one in enumerate(varies(rows, equations.segment)) if one]
        moving = inside(rows[:, able], equations.segment)
        high = [able[k] for k, one in enumerate(inflation(moving)) if one > HIGHEST_INFLATION]
        if len(high) < 2:
            return tuple(groups)
        # The two that are most alike go together; then it is looked at again.
        size = np.sqrt(np.sum(moving**2, axis=0))
        alike = np.abs(moving.T @ moving) / np.outer(size, size)
        pairs = [(alike[able.index(a), able.index(b)], a, b) for a in high for b in high if a < b]
        _, first, second = max(pairs)
        merged = groups[first] + groups[second]
        groups = [*groups[:first], merged, *(g for k, g in enumerate(groups) if k > first and k != second)]


def pooled(lives: Sequence[Life], groups: Mapping[str, Sequence[str]]) -> tuple[Life, ...]:
    """Lives whose jobs are pooled: each new name stands for the runs of several jobs."""
    found = []
    for life in lives:
        runs = {
            name: JobRuns(
                _joined([life.runs[job].starting for job in jobs]),
                _joined([life.runs[job].running for job in jobs]),
            )
            for name, jobs in groups.items()
        }
        found.append(Life(life.began, life.at, life.values, runs))
    return tuple(found)


def _joined(parts: Sequence[LiveRuns]) -> LiveRuns:
    return LiveRuns(np.concatenate([p.began for p in parts]), np.concatenate([p.ended for p in parts]))

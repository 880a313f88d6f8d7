"""What was live at the scrapes of a server that others load, and what can be told from it. Pure.

Lives of the server, its runs by job, and the regressors that come of them: which of them vary, and which go
together so that nobody can tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.model.linear import Array
from harness.model.live_runs import LiveRuns
from harness.model.observed_resamples import Numbers, inflation, inside
from harness.model.scrapes import LAGS, block_seconds, blocks_of

SETTLE_SECONDS = 60.0
"""Scrapes so soon after the begin of a life are left out: the server still loads code."""
HIGHEST_INFLATION = 10.0
"""Regressors whose variance is inflated more by the others cannot be told apart (Belsley et al. 1980)."""
ENDINGS = ((0.0, 2.0), (2.0, 4.0))
"""Seconds in which a process is still there, or just gone, after it told that it exits: up to 3.6 s were seen
on Dagster 1.13. One such time that is longer or shorter than the truth would be taken for a lag."""
STARTING, FINISHED, HOURS, TICKS = "(starting)", "(finished)", "(hours)", "(ticks)"
"""Names of regressors that are of no job."""
_QUARTERS = np.array([0.125, 0.375, 0.625, 0.875])
_UNEVEN = 0.15
_STILL = 1e-9


@dataclass(frozen=True)
class JobRuns:
    """Runs of one job on one server, in the phases of their processes.

    Both have the same runs in the same order; a run that never got to run is in `starting` alone.
    """

    starting: LiveRuns
    """From the begin of the process to the begin of the run."""
    running: LiveRuns
    """From there until the process told that it exits."""

    @property
    def whole(self) -> LiveRuns:
        """Both phases as one."""
        ran = np.isfinite(self.running.began)
        return LiveRuns(self.starting.began, np.where(ran, self.running.ended, self.starting.ended))

    def over(self, first: float, last: float) -> LiveRuns:
        """From so many seconds after that until so many."""
        return LiveRuns(self.running.ended + first, self.running.ended + last)


@dataclass(frozen=True)
class Life:
    """One life of the server, and the scrapes of one quantity in it."""

    began: float
    """Epoch seconds."""
    at: Array
    """Stamps of the scrapes, epoch seconds, ascending; shape (scrapes,)."""
    values: Array
    """Shape of `at`; none of them nan."""
    runs: Mapping[str, JobRuns]
    """By job; the same jobs in every life, in the same order. Only runs of this life."""
    ticks: LiveRuns | None = None
    """Evaluations of sensors and schedules meanwhile; None where they are not known."""


@dataclass(frozen=True)
class Sampling:
    """What a scrape is."""

    interval: float
    """Seconds between scrapes."""
    window: float = 0.0
    """Seconds before its stamp that a scrape is the mean of; 0 for an instant."""
    lags: Sequence[float] = LAGS
    """Seconds that stamps may be late by; one where that is known."""
    stale: float = 0.0
    """Seconds before its stamp at any time in which an instant may have been looked at; 0 where stamps are of
    the look. Some sources look now and then, and hand out what they saw last under the time of asking."""


@dataclass(frozen=True)
class Look:
    """What scrapes of one life are of."""

    instants: Array
    """Shape (scrapes,)."""
    window: Array | float
    """Seconds before each that it is the mean of; 0 for the instant."""
    stale: float
    """Seconds before each in which the look may have been."""

    def live(self, runs: LiveRuns) -> Array:
        """How many are live, on average over when the look may have been; shape (scrapes,)."""
        if not np.any(self.window):
            return runs.mean(self.instants, self.stale) if self.stale else runs.at(self.instants)
        return self._over_stale(runs.mean)

    def pace(self, runs: LiveRuns) -> Array:
        """How many are gone through a second, as `LiveRuns.pace`; only of windows. Shape (scrapes,)."""
        return self._over_stale(runs.pace)

    def _over_stale(self, of: Callable[[Array, Array | float], Array]) -> Array:
        before = self.stale * _QUARTERS if self.stale else np.zeros(1)
        return np.asarray(np.mean([of(self.instants - one, self.window) for one in before], axis=0))

    @property
    def middle(self) -> Array:
        """Shape (scrapes,)."""
        return self.instants - (np.asarray(self.window) + self.stale) / 2


Counted = Callable[[Look, LiveRuns], Array]
"""How runs make a regressor: `Look.live` or `Look.pace`."""


@dataclass(frozen=True)
class Equations:
    """Scrapes of all lives in one row, and what each is of."""

    lives: tuple[Life, ...]
    looks: tuple[Look, ...]
    """Of each life, by the stamps."""
    values: Array
    """Shape (scrapes,)."""
    segment: Numbers
    """Shape (scrapes,)."""
    blocks: Numbers
    """Shape (scrapes,)."""

    @property
    def jobs(self) -> tuple[str, ...]:
        return tuple(self.lives[0].runs)

    @property
    def smooth(self) -> bool:
        """Whether what was live changes little by little with the lag of stamps."""
        return any(bool(look.stale or np.any(look.window)) for look in self.looks)


@dataclass(frozen=True)
class Column:
    """A regressor: what it is in a life at what scrapes are of."""

    name: str
    of: Callable[[Life, Look], Array]

    def values(self, equations: Equations, lag: float) -> Array:
        """Shape (scrapes,)."""
        parts = zip(equations.lives, equations.looks, strict=True)
        return np.concatenate(
            [self.of(life, replace(look, instants=look.instants - lag)) for life, look in parts]
        )


def states(lives: Sequence[Life], sampling: Sampling) -> Equations:
    """Equations of what is as it is at each scrape, such as memory."""
    settled = SETTLE_SECONDS + sampling.window + sampling.stale
    kept = [life.at >= life.began + settled for life in lives]
    return _equations(
        lives,
        [
            Look(life.at[mine], sampling.window, sampling.stale)
            for life, mine in zip(lives, kept, strict=True)
        ],
        [life.values[mine] for life, mine in zip(lives, kept, strict=True)],
    )


def rates(lives: Sequence[Life], sampling: Sampling) -> Equations:
    """Equations of how fast a counter grows between neighbouring scrapes of a life, such as that of CPU."""
    looks, values = [], []
    for life in lives:
        mine = life.at >= life.began + SETTLE_SECONDS + sampling.stale
        stamps, gaps = life.at[mine], np.diff(life.at[mine])
        looks.append(Look(stamps[1:], gaps, sampling.stale))
        values.append(np.diff(life.values[mine]) / gaps)
    return _equations(lives, looks, values)


def _equations(lives: Sequence[Life], looks: list[Look], values: list[Array]) -> Equations:
    # A life without scrapes has no base.
    places = [place for place, look in enumerate(looks) if len(look.instants)]
    at = [looks[place].instants for place in places]
    segment = np.repeat(np.arange(len(places)), [len(stamps) for stamps in at])
    seconds = [durations(one.running) for place in places for one in lives[place].runs.values()]
    known = np.concatenate([*seconds, np.zeros(1)])
    span = sum(float(stamps[-1] - stamps[0]) for stamps in at)
    return Equations(
        tuple(lives[place] for place in places),
        tuple(looks[place] for place in places),
        np.concatenate([np.zeros(0), *(values[place] for place in places)]),
        segment,
        blocks_of(np.concatenate(at), segment, block_seconds(known, span)) if places else segment,
    )


def durations(runs: LiveRuns) -> Array:
    """Seconds that those lived that have ended; shape (ended runs,)."""
    lived = runs.ended - runs.began
    return lived[np.isfinite(lived)]


def starting(jobs: Sequence[str], counted: Counted = Look.live) -> Column:
    """Runs of these jobs that start."""
    return Column(
        STARTING, lambda life, look: _sum([counted(look, life.runs[job].starting) for job in jobs], look)
    )


def endings(jobs: Sequence[str]) -> tuple[Column, ...]:
    """Runs of these jobs that have just told that they exit, by how long ago."""

    def column(first: float, last: float) -> Column:
        return Column(
            f"({first:g} to {last:g} s over)",
            lambda life, look: _sum([look.live(life.runs[job].over(first, last)) for job in jobs], look),
        )

    return tuple(column(*seconds) for seconds in ENDINGS)


def running(jobs: Sequence[str], counted: Counted = Look.live) -> Column:
    """Runs of these jobs that run."""
    return Column(
        " + ".join(jobs),
        lambda life, look: _sum([counted(look, life.runs[job].running) for job in jobs], look),
    )


def up(jobs: Sequence[str], counted: Counted = Look.live) -> Column:
    """Runs of these jobs that start or run."""
    return Column(
        " + ".join(jobs),
        lambda life, look: _sum([counted(look, life.runs[job].whole) for job in jobs], look),
    )


def of_age(job: str, lowest: float, highest: float) -> Column:
    """Runs of a job that have been running for so many seconds."""
    return Column(
        f"{job} from {lowest:g} s",
        lambda life, look: look.live(life.runs[job].running.of_age(lowest, highest)),
    )


def finished(jobs: Sequence[str]) -> Column:
    """Runs that have ended since the begin of the life."""
    return Column(
        FINISHED,
        lambda life, look: _sum([life.runs[job].running.ended_by(look.middle) for job in jobs], look),
    )


def hours() -> Column:
    """Hours since the begin of the life."""
    return Column(HOURS, lambda life, look: (look.middle - life.began) / 3600)


def ticks() -> Column:
    """Evaluations of sensors and schedules; of windows alone, and of lives that know them."""

    def of(life: Life, look: Look) -> Array:
        return np.zeros(len(look.instants)) if life.ticks is None else look.pace(life.ticks)

    return Column(TICKS, of)


def evenly_aged(equations: Equations) -> bool:
    """Whether scrapes meet as many runs in the first half of their start as in the second, or nearly.

    Where schedules and scrapes go by one clock they do not, and the mean over that phase is not to be had.
    """
    met, early = 0.0, 0.0
    for life, look in zip(equations.lives, equations.looks, strict=True):
        for job in life.runs.values():
            begun = job.starting.began
            half = LiveRuns(begun, begun + (job.starting.ended - begun) / 2)
            met += float(look.live(job.starting).sum())
            early += float(look.live(half).sum())
    return abs(early - met / 2) <= _UNEVEN * met


def _sum(parts: Sequence[Array], look: Look) -> Array:
    return np.asarray(sum(parts, np.zeros(len(look.instants))))


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

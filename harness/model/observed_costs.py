"""What a run costs a server that others load: memory, CPU, threads, by regression on the live runs. Pure.

    memory = base + starting × runs that start + Σ running(job) × runs that run + over × runs just over
             + leak × finished runs + drift × hours
    cores  = base + start × starts a second + Σ running(job) × runs that run + over × runs just over

A start computes the same however long it takes, and takes longer where many start at once: its CPU-seconds
are spread over the time that it took. Whether a run computes by the second, as one that polls, or the same in
all, as where many share few CPUs for the same work, is what fits better.

The base is each life's own. What goes together cannot be told apart (Belsley, Kuh & Welsch 1980), and then
has a reason in place of a number; it stays in the equations as one, so that the rest is what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.model.intervals import Estimate, NotEstimable
from harness.model.linear import Array, least_scale_of
from harness.model.observed_load import (
    ENDINGS,
    FINISHED,
    HIGHEST_INFLATION,
    HOURS,
    STARTING,
    TICKS,
    Column,
    Counted,
    Equations,
    Life,
    Look,
    Sampling,
    durations,
    endings,
    evenly_aged,
    finished,
    groups_of,
    hours,
    rates,
    running,
    starting,
    states,
    ticks,
    up,
    varies,
)
from harness.model.observed_resamples import inflation, inside
from harness.model.scrapes import HUBER_K, ScrapeFit, fit_scrapes

LEAST_ENDINGS = 20.0
"""Runs that are just over, summed over scrapes."""
LEAST_BLOCKS = 8
"""Fewer blocks of time say too little of how far they differ."""
RESIDUAL_QUANTILES = (0.05, 0.5, 0.95, 0.99, 1.0)
STALE = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0)
"""Seconds that are tried; cAdvisor and the engine look every 10 to 15 s."""
_SCRAPES_FOR_STALE = 20_000

Told = Estimate | NotEstimable


@dataclass(frozen=True)
class Quality:
    """How well the equations hold."""

    lag: float
    """Seconds by which stamps are late."""
    lag_low: float
    lag_high: float
    scale: float
    """Robust standard deviation of the residuals, in units of the values."""
    quantiles: tuple[float, ...]
    """Of the residuals, at `RESIDUAL_QUANTILES`."""
    scrapes: int
    blocks: int
    at: tuple[Array, ...]
    """Stamps of the scrapes that were fitted, of each life."""
    predicted: tuple[Array, ...]
    """What the equations say at them, of each life."""


@dataclass(frozen=True)
class StateCosts:
    """What a server holds: memory in bytes, or threads."""

    base: Estimate
    """Mean of the lives' own, at their begin, each as often as it has scrapes."""
    bases: tuple[float, ...]
    """Of each life that has scrapes."""
    starting: Told
    """Of a run that starts, on average over that phase."""
    running: Mapping[str, Told]
    """Of a run of each job that runs, on average over that phase; from its start on where `starting` is not
    told apart."""
    leak_per_run: Told
    """What a finished run leaves behind; with what time does where `drift_per_hour` is not told apart."""
    drift_per_hour: Told
    together: tuple[tuple[str, ...], ...]
    """Jobs that cannot be told apart, in groups."""
    quality: Quality


@dataclass(frozen=True)
class CpuCosts:
    """What a server computes."""

    base_cores: Estimate
    start_seconds: Told
    """CPU-seconds until a run runs."""
    running_cores: Mapping[str, Told]
    """Of a run of each job that runs, on average over that phase."""
    seconds_per_run: Mapping[str, Told]
    """CPU-seconds of a whole run of each job, at its mean duration."""
    seconds_per_tick: Told
    """CPU-seconds of an evaluation of a sensor or schedule. Those that there were are in the base."""
    together: tuple[tuple[str, ...], ...]
    quality: Quality


def state_costs(
    lives: Sequence[Life], sampling: Sampling, grows: bool, seed: int = 1
) -> StateCosts | NotEstimable:
    """Costs of what is as it is at each scrape.

    Args:
        lives: at least one.
        sampling: of their scrapes.
        grows: whether finished runs and time may leave something behind, as they do in memory.
        seed: of the bootstrap.
    """
    equations = states(lives, sampling)
    fitted = _fit(equations, sampling, grows, HUBER_K, seed, _BY_COUNT)
    if isinstance(fitted, NotEstimable):
        return fitted
    nothing = NotEstimable("it is not looked for", len(equations.values))
    return StateCosts(
        base=fitted.one(0),
        bases=tuple(fitted.fit.bases.tolist()),
        starting=fitted.of(STARTING),
        running=fitted.of_jobs(),
        leak_per_run=fitted.of(FINISHED) if grows else nothing,
        drift_per_hour=fitted.of(HOURS) if grows else nothing,
        together=tuple(group for group in fitted.groups if len(group) > 1),
        quality=_quality(equations, fitted.fit),
    )


def find_stale(lives: Sequence[Life], sampling: Sampling) -> float:
    """Seconds for `Sampling.stale` of instants whose stamps are those of asking: where memory fits best.

    Args:
        lives, sampling: of memory.
    """
    scrapes = sum(len(life.at) for life in lives)
    every = 1 + scrapes // _SCRAPES_FOR_STALE
    fewer = [replace(life, at=life.at[::every], values=life.values[::every]) for life in lives]
    losses = {}
    for stale in STALE:
        asked = replace(sampling, stale=stale)
        # By least squares: means are what is compared, and what is robust goes by the likeliest instant.
        fitted = _fit(states(fewer, asked), asked, True, np.inf, 1, _BY_COUNT)
        if isinstance(fitted, NotEstimable):
            return 0.0
        losses[stale] = fitted.fit.loss / fitted.scrapes
    return min(losses, key=lambda stale: losses[stale])


def cpu_costs(lives: Sequence[Life], sampling: Sampling, seed: int = 1) -> CpuCosts | NotEstimable:
    """Costs of CPU, from lives whose values are the counter of CPU-seconds.

    By least squares: CPU comes in spurts, and what is robust against them does not count them.
    """
    equations = rates(lives, sampling)
    fits = [_fit(equations, sampling, False, np.inf, seed, loads) for loads in (_BY_TIME, _BY_RUN)]
    able = [one for one in fits if isinstance(one, _Fitted)]
    if not able:
        return next(one for one in fits if isinstance(one, NotEstimable))
    fitted = min(able, key=lambda one: one.fit.loss)
    seconds = {job: fitted.seconds_per_run(equations, job) for job in equations.jobs}
    return CpuCosts(
        base_cores=fitted.base_with_ticks(equations),
        start_seconds=fitted.of(STARTING),
        running_cores={job: fitted.cores(equations, job) for job in equations.jobs},
        seconds_per_run=seconds,
        seconds_per_tick=fitted.of(TICKS),
        together=tuple(group for group in fitted.groups if len(group) > 1),
        quality=_quality(equations, fitted.fit),
    )


@dataclass(frozen=True)
class _Loads:
    """By what runs of a phase count."""

    start: Counted
    run: Counted


_BY_COUNT = _Loads(Look.live, Look.live)
_BY_TIME = _Loads(Look.pace, Look.live)
_BY_RUN = _Loads(Look.pace, Look.pace)


@dataclass(frozen=True)
class _Fitted:
    fit: ScrapeFit
    loads: _Loads
    columns: tuple[Column, ...]
    """Of the regressors, in their order."""
    groups: tuple[tuple[str, ...], ...]
    """Of jobs; those of one are one regressor."""
    left_out: Mapping[str, str]
    """Why a regressor is not among them, by its name."""
    scrapes: int

    def of(self, name: str) -> Told:
        """The coefficient of a regressor."""
        if name in self.left_out:
            return NotEstimable(self.left_out[name], self.scrapes)
        return self.one_told(1 + [column.name for column in self.columns].index(name))

    def one(self, place: int) -> Estimate:
        fit = self.fit
        return Estimate(float(fit.value[place]), float(fit.low[place]), float(fit.high[place]), self.scrapes)

    def one_told(self, place: int) -> Told:
        held_by = self.fit.held_by[place - 1]
        if held_by < LEAST_BLOCKS:
            reason = f"it varies in {held_by:.1f} blocks of time, at least {LEAST_BLOCKS} are needed"
            return NotEstimable(reason, self.scrapes)
        if self.fit.inflation[place - 1] > HIGHEST_INFLATION:
            return NotEstimable("it cannot be told apart from how late stamps are", self.scrapes)
        return self.one(place)

    def base_with_ticks(self, equations: Equations) -> Estimate:
        """The base, and in it the evaluations as they came on average."""
        names = [column.name for column in self.columns]
        if TICKS not in names:
            return self.one(0)
        weights = np.zeros((1, 1 + len(names)))
        weights[0, 0] = 1.0
        weights[0, 1 + names.index(TICKS)] = ticks().values(equations, self.fit.lag).mean()
        return self._sum(weights)

    def of_jobs(self) -> dict[str, Told]:
        return {job: self.of_job(job) for group in self.groups for job in group}

    def of_job(self, job: str) -> Told:
        group = next(one for one in self.groups if job in one)
        if len(group) > 1:
            others = ", ".join(one for one in group if one != job)
            return NotEstimable(f"it is live at the same times as {others}", self.scrapes)
        return self.of(group[0])

    def cores(self, equations: Equations, job: str) -> Told:
        """Of CPU, in the phase that the regressor of the job is of."""
        told, mean = self.of_job(job), self._seconds(equations, job)
        if isinstance(told, NotEstimable) or self.loads is not _BY_RUN:
            return told
        if not mean > 0:
            return NotEstimable("no run ended", self.scrapes)
        return Estimate(told.value / mean, told.low / mean, told.high / mean, told.n)

    def seconds_per_run(self, equations: Equations, job: str) -> Told:
        """Of CPU, in both phases."""
        told, mean = self.of_job(job), self._seconds(equations, job)
        if isinstance(told, NotEstimable):
            return told
        if not mean > 0:
            return NotEstimable("no run ended", self.scrapes)
        names = [column.name for column in self.columns]
        weights = np.zeros((1, 1 + len(names)))
        weights[0, 1 + names.index(job)] = 1.0 if self.loads is _BY_RUN else mean
        if STARTING in names:
            weights[0, 1 + names.index(STARTING)] = 1.0
        for column, (first, last) in zip(endings(equations.jobs), ENDINGS, strict=True):
            if column.name in names:
                weights[0, 1 + names.index(column.name)] = last - first
        return self._sum(weights)

    def _sum(self, weights: Array) -> Estimate:
        found = self.fit.combined(weights)
        return Estimate(float(found.value[0]), float(found.low[0]), float(found.high[0]), self.scrapes)

    def _seconds(self, equations: Equations, job: str) -> float:
        """Mean length of the phase that the regressor of a job is of; nan where no run ended."""
        apart = any(column.name == STARTING for column in self.columns)
        phases = [life.runs[job].running if apart else life.runs[job].whole for life in equations.lives]
        lived = np.concatenate([durations(one) for one in phases])
        return float(lived.mean()) if len(lived) else float("nan")


def _fit(
    equations: Equations, sampling: Sampling, grows: bool, huber_k: float, seed: int, loads: _Loads
) -> _Fitted | NotEstimable:
    scrapes = len(equations.values)
    blocks = int(equations.blocks.max()) + 1 if scrapes else 0
    if blocks < LEAST_BLOCKS:
        return NotEstimable(
            f"too short: {blocks} blocks of time, at least {LEAST_BLOCKS} are needed", scrapes
        )
    groups = groups_of(equations)
    columns, left_out = _columns(equations, groups, grows, loads)
    if not columns:
        return NotEstimable("no run was live at any scrape, or always as many", scrapes)
    fit = fit_scrapes(
        equations.values,
        lambda lag: np.column_stack([column.values(equations, lag) for column in columns]),
        equations.segment,
        equations.blocks,
        seed,
        sampling.lags,
        equations.smooth,
        huber_k,
        least_scale_of(equations.values),
    )
    return _Fitted(fit, loads, tuple(columns), groups, left_out, scrapes)


def _columns(
    equations: Equations, groups: Sequence[tuple[str, ...]], grows: bool, loads: _Loads
) -> tuple[list[Column], dict[str, str]]:
    """Regressors that can be told apart, and why others are left out."""
    left_out: dict[str, str] = {}
    start = starting(equations.jobs, loads.start)
    kept: list[Column] = []
    for column in (start, *(running(group, loads.run) for group in groups)):
        if not _moves(equations, column):
            left_out[column.name] = "no run was live at any scrape, or always as many"
        else:
            kept.append(column)
    if start in kept and not evenly_aged(equations):
        left_out[STARTING] = "scrapes meet runs that start at one age alone, as both go by the same clock"
    if start in kept and _inflated(equations, kept, start):
        left_out[STARTING] = "runs start when they run: a run is one phase, from the start of its process on"
        kept = [up(group, loads.run) for group in groups if " + ".join(group) not in left_out]
    for column in endings(equations.jobs):
        # Few scrapes meet so short a time: where they are too few, they are too few to matter too.
        often = column.values(equations, 0.0).sum() >= LEAST_ENDINGS
        if often and _moves(equations, column) and not _inflated(equations, [*kept, column], column):
            kept.append(column)
    if loads is not _BY_COUNT:
        column = ticks()
        if all(life.ticks is None for life in equations.lives):
            left_out[TICKS] = "when sensors and schedules were evaluated is not known"
        elif _moves(equations, column) and not _inflated(equations, [*kept, column], column):
            kept.append(column)
        else:
            left_out[TICKS] = "as many are evaluated between any two readings, so that the base has them"
    for column in (finished(equations.jobs), hours()) if grows else ():
        if not _moves(equations, column):
            left_out[column.name] = "no run ended"
        elif _inflated(equations, [*kept, column], column):
            left_out[column.name] = "it cannot be told apart from finished runs, or from live ones"
        else:
            kept.append(column)
    return kept, left_out


def _moves(equations: Equations, column: Column) -> bool:
    return varies(column.values(equations, 0.0)[:, None], equations.segment)[0]


def _inflated(equations: Equations, columns: Sequence[Column], one: Column) -> bool:
    rows = np.column_stack([column.values(equations, 0.0) for column in columns])
    return bool(inflation(inside(rows, equations.segment))[list(columns).index(one)] > HIGHEST_INFLATION)


def _quality(equations: Equations, fit: ScrapeFit) -> Quality:
    at = tuple(look.instants for look in equations.looks)
    ends = np.cumsum([len(stamps) for stamps in at])[:-1]
    predicted = equations.values - fit.residuals
    return Quality(
        lag=fit.lag,
        lag_low=fit.lag_low,
        lag_high=fit.lag_high,
        scale=fit.scale,
        quantiles=tuple(np.quantile(fit.residuals, RESIDUAL_QUANTILES).tolist()),
        scrapes=len(equations.values),
        blocks=fit.blocks,
        at=at,
        predicted=tuple(np.split(predicted, ends)),
    )

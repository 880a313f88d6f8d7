"""What a run holds by its age: whether it is flat, and which age is the dearest. Pure.

Bins of age are fine at first and wider later, each of them with enough scrapes. A bin that is dearer than the
mean over all ages is told as such only where, were all alike, hardly any resample had any bin as far from it
(Romano & Wolf 2005).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.intervals import Estimate, NotEstimable
from harness.model.linear import Array, least_scale_of
from harness.model.observed_costs import LEAST_BLOCKS, StateCosts
from harness.model.observed_load import (
    HIGHEST_INFLATION,
    Column,
    Equations,
    Life,
    Sampling,
    endings,
    finished,
    of_age,
    running,
    starting,
    states,
    varies,
)
from harness.model.observed_resamples import inflation, inside
from harness.model.scrapes import ScrapeFit, fit_scrapes

EDGES = (
    *np.arange(0.0, 30.0, 5.0).tolist(),
    *np.arange(30.0, 120.0, 10.0).tolist(),
    *np.geomspace(120.0, 86400.0, 23).round(-1).tolist(),
)
"""Ages in seconds that bins may begin at."""
LEAST_MEETINGS = 40.0
"""Runs of a bin's age, summed over scrapes."""
ERROR = 0.05
"""Chance of calling a bin dearer, or a profile not flat, where nothing is."""


@dataclass(frozen=True)
class AgeBin:
    """Runs that have been running for so long."""

    lowest: float
    """Seconds."""
    highest: float
    """Seconds; infinity for the last."""
    cost: Estimate
    """What a run of that age holds."""
    meetings: float
    """Runs of that age, summed over scrapes."""
    chance: float
    """How often it would be as far from the mean by chance, given how many bins are looked at."""


@dataclass(frozen=True)
class Profile:
    """What a run of a job holds by its age."""

    bins: tuple[AgeBin, ...]
    """By age, without gaps."""
    pooled: Estimate
    """Mean over the bins, each as often as it was met."""
    chance_flat: float
    """How often bins would be as far from their mean by chance."""
    dearest: AgeBin | None
    """The highest of the bins that are clearly above the mean: a size has to go by it. None without one."""

    @property
    def flat(self) -> bool:
        """Whether nothing speaks against it."""
        return self.chance_flat > ERROR


def memory_profile(
    lives: Sequence[Life], sampling: Sampling, costs: StateCosts, job: str, seed: int = 1
) -> Profile | NotEstimable:
    """What a run of a job holds by its age.

    Args:
        lives, sampling: those that `costs` came of.
        costs: their lag is that of the profile.
        job: one that can be told apart.
        seed: of the bootstrap.
    """
    told = costs.running[job]
    if isinstance(told, NotEstimable):
        return told
    equations = states(lives, sampling)
    lag = costs.quality.lag
    ages = _bins(equations, job, lag)
    if len(ages) < 2:
        return NotEstimable("too few scrapes with a live run to tell ages apart", len(equations.values))
    mine = [of_age(job, low, high) for low, high in ages]
    columns = [*mine, *_others(equations, costs, job, mine)]
    rows = np.column_stack([column.values(equations, lag) for column in columns])
    if inflation(inside(rows, equations.segment))[: len(mine)].max() > HIGHEST_INFLATION:
        return NotEstimable("its ages cannot be told apart from other runs", len(equations.values))
    fit = fit_scrapes(
        equations.values,
        lambda lag: np.column_stack([column.values(equations, lag) for column in columns]),
        equations.segment,
        equations.blocks,
        seed,
        _lags(costs, sampling, equations.smooth),
        equations.smooth,
        least_scale=least_scale_of(equations.values),
    )
    return _profile(fit, ages, rows[:, : len(mine)].sum(axis=0), len(equations.values))


def _lags(costs: StateCosts, sampling: Sampling, smooth: bool) -> list[float]:
    """Those that the costs leave open."""
    quality = costs.quality
    if len(sampling.lags) == 1:
        return list(sampling.lags)
    if smooth:
        return [quality.lag - 1, quality.lag, quality.lag + 1]
    return [one for one in sampling.lags if quality.lag_low <= one <= quality.lag_high] or [quality.lag]


def _profile(fit: ScrapeFit, ages: Sequence[tuple[float, float]], met: Array, scrapes: int) -> Profile:
    count = len(ages)
    share = np.zeros((1, len(fit.value)))
    share[0, 1 : count + 1] = met / met.sum()
    away = np.eye(len(fit.value))[1 : count + 1] - share
    chances = fit.chances(away)
    bins = tuple(
        AgeBin(
            *age,
            Estimate(float(fit.value[place]), float(fit.low[place]), float(fit.high[place]), scrapes),
            float(met[place - 1]),
            float(chances[place - 1]),
        )
        for place, age in enumerate(ages, 1)
    )
    pooled = fit.combined(share)
    mean = float(pooled.value[0])
    above = [one for one in bins if one.chance <= ERROR and one.cost.value > mean]
    return Profile(
        bins=bins,
        pooled=Estimate(mean, float(pooled.low[0]), float(pooled.high[0]), scrapes),
        chance_flat=float(chances.min()),
        dearest=max(above, key=lambda one: one.cost.value, default=None),
    )


def _others(equations: Equations, costs: StateCosts, job: str, mine: Sequence[Column]) -> list[Column]:
    """Regressors of all else that was live or grew."""
    columns = [starting(equations.jobs), *endings(equations.jobs)]
    apart = [group for group in costs.together if job not in group]
    alone = [one for one in equations.jobs if one != job and not any(one in group for group in apart)]
    columns += [running(group) for group in (*apart, *((one,) for one in alone))]
    if isinstance(costs.leak_per_run, Estimate):
        columns.append(finished(equations.jobs))
    rows = np.column_stack([column.values(equations, 0.0) for column in (*columns, *mine)])
    moving = [place for place, one in enumerate(varies(rows, equations.segment)) if one]
    inflated = dict(zip(moving, inflation(inside(rows[:, moving], equations.segment)), strict=True))
    # Runs that start are no more than the youngest of all, where both always come together.
    return [
        column
        for place, column in enumerate(columns)
        if place in inflated and (place or inflated[place] <= HIGHEST_INFLATION)
    ]


def _bins(equations: Equations, job: str, lag: float) -> list[tuple[float, float]]:
    """Neighbouring ages are one where they have too few scrapes, or cannot be told apart."""
    edges = [*EDGES, np.inf]
    ages = list(itertools.pairwise(edges))
    rows = np.column_stack([of_age(job, low, high).values(equations, lag) for low, high in ages])
    place = 0
    while place < len(ages):
        enough = rows[:, place].sum() >= LEAST_MEETINGS and _blocks(equations, rows[:, place]) >= LEAST_BLOCKS
        if enough or len(ages) == 1:
            place += 1
            continue
        # With the next; the last one with the one before.
        first = min(place, len(ages) - 2)
        ages, rows = _merged(ages, rows, first)
        place = first
    while len(ages) > 1:
        high = inflation(inside(rows, equations.segment))
        if high.max() <= HIGHEST_INFLATION:
            break
        ages, rows = _merged(ages, rows, min(int(np.argmax(high)), len(ages) - 2))
    return ages


def _blocks(equations: Equations, column: Array) -> float:
    """Effective number of blocks that a column is in."""
    squares = np.bincount(equations.blocks, column**2)
    return float(squares.sum() ** 2 / max(float((squares**2).sum()), 1e-300))


def _merged(
    ages: list[tuple[float, float]], rows: Array, place: int
) -> tuple[list[tuple[float, float]], Array]:
    """Bin `place` and the next as one."""
    both = (ages[place][0], ages[place + 1][1])
    joined = rows[:, place] + rows[:, place + 1]
    rows = np.column_stack([rows[:, :place], joined, rows[:, place + 2 :]])
    return [*ages[:place], both, *ages[place + 2 :]], rows

"""Days of a server that others load, with constants that are planted and then have to be found.

Runs arrive at random, in bursts, or both; each lives through two phases, and costs what its job costs, more
or less. What the server holds is the sum of a base, of what its runs hold, of what finished runs and time
have left behind, and of noise that goes together over minutes. A scrape sees it at an instant or on average
over the seconds before, under a stamp that is late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.signal import lfilter

from harness.model.linear import Array
from harness.model.live_runs import LiveRuns
from harness.model.observed_load import JobRuns, Life, durations
from harness.model.observed_resamples import Numbers

EPOCH = 1_790_000_000.0
MIB = 2.0**20
RESTART_SECONDS = 30.0

Shape = Callable[[Array], Array]
"""Share of a job's memory that its run holds at an age, in seconds since it began to run."""


def flat(age: Array) -> Array:
    """All of it from the start on."""
    return np.ones_like(age)


def ramp(age: Array) -> Array:
    """Half of it at first, all of it after four minutes."""
    return np.minimum(1.0, 0.5 + age / 480)


def spike(age: Array) -> Array:
    """Twice as much for 20 seconds, one minute in."""
    return np.where((age >= 60) & (age < 80), 2.0, 1.0)


@dataclass(frozen=True)
class Job:
    """What runs of a job cost, and when they come."""

    per_hour: float = 40.0
    """At random."""
    burst_minutes: float = 0.0
    """Minutes between bursts of 1 to 8; 0 for none."""
    seconds: float = 120.0
    """Median of the durations."""
    sigma: float = 0.6
    """Of their logarithm."""
    mib: float = 80.0
    cores: float = 0.2
    by_run: bool = False
    """Whether a run computes the same however long it takes: `cores` for as long as the median run."""
    threads: float = 12.0
    spread: float = 0.1
    """By which runs differ in what they cost, as a share."""
    shape: Shape = flat


@dataclass(frozen=True)
class Server:
    """What all of them share."""

    base_mib: float = 400.0
    base_apart_mib: float = 0.0
    """By which lives differ in their base."""
    starting_mib: float = 60.0
    """That a process holds when its run begins; nothing when it begins itself."""
    start_seconds: float = 1.8
    """Of CPU, however long a start takes."""
    cpus: float = np.inf
    """Runs of a burst that start on fewer take longer to."""
    starting_threads: float = 4.0
    starting_seconds: float = 2.0
    lingers_seconds: float = 0.0
    """For which a process holds what it held, after it told that it exits."""
    leak_mib_per_run: float = 0.0
    drift_mib_per_hour: float = 0.0
    growth_mib: float = 0.0
    """Of caches that fill, times the logarithm of finished runs."""
    noise_mib: float = 25.0
    noise_seconds: float = 240.0
    base_cores: float = 0.05
    noise_cores: float = 0.015
    spurts_per_hour: float = 3.0
    """Of two CPU-seconds on average: what a sensor does, now and then. They are part of the base."""
    base_threads: float = 20.0
    ticks_per_hour: float = 0.0
    """At random."""
    tick_seconds: float = 0.5
    """Of CPU, in half a second."""
    lives: int = 1
    drains: bool = False
    """Whether one that is replaced goes on until its last run has ended; else that ends with it."""
    hours: float = 24.0
    day_and_night: float = 0.0
    """Share by which arrivals rise and fall within a day."""


@dataclass(frozen=True)
class Scraping:
    """How it is looked at."""

    interval: float = 30.0
    window: float = 0.0
    lag: float = 0.0
    jitter: float = 0.0
    """Seconds by which some are later still: what is fetched was looked at any time since the last fetch."""
    lost: float = 0.01
    """Share of scrapes that never arrive."""


@dataclass(frozen=True)
class Day:
    """What is seen, and what is true."""

    memory: tuple[Life, ...]
    cpu: tuple[Life, ...]
    threads: tuple[Life, ...]
    base_mib: float
    """Mean over its lives, each as often as it has scrapes."""
    mean_share: Mapping[str, float]
    """Of each job's memory that its runs held on average while they ran."""
    cpu_seconds: Mapping[str, float]
    """Of a whole run of each job, at the mean durations that there were."""
    start_seconds: float
    """Of CPU, of a start."""


@dataclass
class _Runs:
    """Of one job in one life; arrays of shape (runs,)."""

    process: Array
    began: Array
    ended: Array
    cost: Array = field(default_factory=lambda: np.zeros(0))
    """Of each run, as a share of its job's."""


def day(seed: int, jobs: Mapping[str, Job], server: Server, scraping: Scraping) -> Day:
    """One stretch of time of a server, in as many lives as it is to have."""
    chance = np.random.default_rng(seed)
    borders = EPOCH + np.linspace(0, 3600 * server.hours, server.lives + 1)
    if server.lives > 1:
        third = 1200 * server.hours / server.lives
        borders[1:-1] += chance.uniform(-third, third, server.lives - 1)
    lives = [
        _life(chance, jobs, server, scraping, begin, end)
        for begin, end in zip(borders[:-1] + RESTART_SECONDS, borders[1:], strict=True)
    ]
    runs = {job: [life.runs[job] for life, *_ in lives] for job in jobs}
    bases = [base for *_, base in lives]
    return Day(
        memory=tuple(memory for memory, *_ in lives),
        cpu=tuple(cpu for _, cpu, *_ in lives),
        threads=tuple(threads for _, _, threads, _ in lives),
        base_mib=float(np.average(bases, weights=[len(life.at) for life, *_ in lives])),
        mean_share={job: _mean_share(plan, runs[job]) for job, plan in jobs.items()},
        cpu_seconds={job: _cpu_seconds(plan, server, runs[job]) for job, plan in jobs.items()},
        start_seconds=server.start_seconds,
    )


def _life(
    chance: np.random.Generator,
    jobs: Mapping[str, Job],
    server: Server,
    scraping: Scraping,
    begin: float,
    end: float,
) -> tuple[Life, Life, Life, float]:
    runs = {name: _runs(chance, job, server, begin, end) for name, job in jobs.items()}
    gone = max(end, *(float(np.max(one.ended, initial=end)) for one in runs.values()))
    first = begin + scraping.jitter + chance.uniform(0, scraping.interval)
    at = np.arange(first, gone, scraping.interval)
    at = at + chance.uniform(0, 0.05, len(at))
    at = at[chance.random(len(at)) >= scraping.lost]
    stamps = at + scraping.lag
    at = at - chance.uniform(0, scraping.jitter, len(at))
    # Means are those of looks one second apart.
    looks = np.arange(begin, gone) + 0.5 if scraping.window else at
    base = server.base_mib + server.base_apart_mib * chance.normal()
    memory = base + _memory(chance, jobs, server, runs, looks, begin)
    threads = _threads(jobs, server, runs, looks)
    if scraping.window:
        memory, threads = (_mean_before(at, scraping.window, looks, values) for values in (memory, threads))
    cpu = _cpu(chance, jobs, server, runs, at, begin)
    known = {
        name: JobRuns(LiveRuns(one.process, one.began), LiveRuns(one.began, one.ended))
        for name, one in runs.items()
    }
    ticks = np.sort(chance.uniform(begin, end, chance.poisson(server.ticks_per_hour * (end - begin) / 3600)))
    for part in (0.25, 0.5):  # a counter that is exact enough for readings seconds apart
        cpu += server.tick_seconds / 2 * np.searchsorted(ticks + part, at, side="right")
    life = Life(begin, stamps, memory * MIB, known, LiveRuns(ticks, ticks + 0.5) if len(ticks) else None)
    return life, replace(life, values=cpu), replace(life, values=threads), base


def _runs(chance: np.random.Generator, job: Job, server: Server, begin: float, end: float) -> _Runs:
    most = job.per_hour * (1 + server.day_and_night)
    process = chance.uniform(begin, end, chance.poisson(most * (end - begin) / 3600))
    of_day = 1 + server.day_and_night * np.sin(2 * np.pi * (process - EPOCH) / 86400)
    process = process[chance.random(len(process)) * (1 + server.day_and_night) < of_day]
    longer = np.ones(len(process))
    if job.burst_minutes:
        bursts = np.arange(begin + chance.uniform(0, 60 * job.burst_minutes), end, 60 * job.burst_minutes)
        sizes = chance.integers(1, 9, len(bursts))
        several = np.repeat(bursts, sizes)
        process = np.concatenate([process, several + chance.exponential(0.5, len(several))])
        longer = np.concatenate([longer, np.maximum(1.0, np.repeat(sizes, sizes) / server.cpus)])
    order = np.argsort(process)
    process, longer = process[order], longer[order]
    count = len(process)
    began = process + longer * server.starting_seconds * chance.lognormal(0, 0.3, count)
    ended = began + job.seconds * chance.lognormal(0, job.sigma, count)
    kept = began < end  # a restart ends what still runs
    cost = chance.normal(1, job.spread, count)
    if not server.drains:
        ended = np.minimum(ended, end)
    return _Runs(process[kept], began[kept], ended[kept], cost[kept])


def _pairs(begins: Array, ends: Array, at: Array) -> tuple[Numbers, Numbers]:
    """Places of runs and of scrapes, for each scrape that a run is live at; `at` ascending."""
    first, last = np.searchsorted(at, begins), np.searchsorted(at, ends)
    counts = last - first
    run = np.repeat(np.arange(len(begins)), counts)
    within = np.arange(len(run)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(run, dtype=np.int64), np.asarray(within + first[run], dtype=np.int64)


def _memory(
    chance: np.random.Generator,
    jobs: Mapping[str, Job],
    server: Server,
    runs: Mapping[str, _Runs],
    at: Array,
    begin: float,
) -> Array:
    """All but the base, in MiB."""
    held = _noise(chance, at, server.noise_mib, server.noise_seconds)
    held += server.drift_mib_per_hour * (at - begin) / 3600
    ended = np.sort(np.concatenate([one.ended for one in runs.values()]))
    finished = np.searchsorted(ended, at, side="right")
    held += server.leak_mib_per_run * finished + server.growth_mib * np.log1p(finished)
    for name, job in jobs.items():
        mine = runs[name]
        run, scrape = _pairs(mine.process, mine.began, at)
        age = (at[scrape] - mine.process[run]) / (mine.began - mine.process)[run]
        held += np.bincount(scrape, server.starting_mib * age, len(at))
        run, scrape = _pairs(mine.began, mine.ended + server.lingers_seconds, at)
        share = job.shape(at[scrape] - mine.began[run]) * mine.cost[run]
        held += np.bincount(scrape, job.mib * share, len(at))
    return held


def _threads(jobs: Mapping[str, Job], server: Server, runs: Mapping[str, _Runs], at: Array) -> Array:
    count = np.full(len(at), server.base_threads)
    for name, job in jobs.items():
        mine = runs[name]
        count += server.starting_threads * np.bincount(
            _pairs(mine.process, mine.began, at)[1], minlength=len(at)
        )
        count += job.threads * np.bincount(_pairs(mine.began, mine.ended, at)[1], minlength=len(at))
    return count


def _cpu(
    chance: np.random.Generator,
    jobs: Mapping[str, Job],
    server: Server,
    runs: Mapping[str, _Runs],
    at: Array,
    begin: float,
) -> Array:
    """The counter, exact."""
    gaps = np.diff(at, prepend=begin)
    idle = np.maximum(0.0, server.base_cores + _noise(chance, at, server.noise_cores, 60.0))
    # Now and then a sensor's evaluation takes a few seconds.
    spurts = chance.exponential(2.0, len(at)) * (
        chance.random(len(at)) < server.spurts_per_hour * gaps / 3600
    )
    used = np.cumsum(idle * gaps + spurts)
    for name, job in jobs.items():
        mine = runs[name]
        lived = job.seconds / (mine.ended - mine.began) if job.by_run else 1.0
        for began, ended, cores in (
            (mine.process, mine.began, server.start_seconds / (mine.began - mine.process)),
            (mine.began, mine.ended, job.cores * mine.cost * lived),
        ):
            run, scrape = _pairs(began, ended, at)
            used += np.bincount(scrape, cores[run] * (at[scrape] - began[run]), len(at))
            order = np.argsort(ended)
            spent = np.concatenate([[0.0], np.cumsum((cores * (ended - began))[order])])
            used += spent[np.searchsorted(ended[order], at, side="right")]
    return used


def _noise(chance: np.random.Generator, at: Array, size: float, seconds: float) -> Array:
    """Of a process whose correlation falls to 1/e in so many seconds (Ornstein & Uhlenbeck 1930)."""
    keeps = np.exp(-float(np.median(np.diff(at))) / seconds)
    steps = chance.normal(0, size * np.sqrt(1 - keeps**2), len(at))
    steps[0] = chance.normal(0, size)
    return np.asarray(lfilter([1.0], [1.0, -keeps], steps))


def _mean_before(at: Array, window: float, looks: Array, values: Array) -> Array:
    """Means of the looks in the window before each scrape."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    last = np.searchsorted(looks, at, side="right")
    first = np.searchsorted(looks, at - window, side="right")
    return np.asarray((sums[last] - sums[first]) / np.maximum(last - first, 1))


def _mean_share(job: Job, runs: list[JobRuns]) -> float:
    lived = np.concatenate([durations(one.running) for one in runs])
    ages = np.arange(0.0, lived.max() if len(lived) else 1.0) + 0.5
    alive = len(lived) - np.searchsorted(np.sort(lived), ages, side="left")
    return float((job.shape(ages) * alive).sum() / max(1, alive.sum()))


def _cpu_seconds(job: Job, server: Server, runs: list[JobRuns]) -> float:
    if job.by_run:
        return server.start_seconds + job.cores * job.seconds
    lived = np.concatenate([durations(one.running) for one in runs])
    return server.start_seconds + job.cores * float(lived.sum()) / max(1, len(lived))

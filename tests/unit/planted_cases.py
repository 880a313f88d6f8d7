"""Servers and loads of many kinds, and how well what is planted is found."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from harness.model.intervals import Estimate, NotEstimable
from harness.model.observed_costs import cpu_costs, state_costs
from harness.model.observed_load import Sampling
from harness.model.observed_profile import memory_profile
from harness.model.scrapes import LAGS
from tests.unit.planted_days import MIB, Day, Job, Scraping, Server, day, ramp, spike

Told = Estimate | NotEstimable
Found = Iterator[tuple[str, Told, float]]
"""Name of a constant, what was found, and what was planted."""


@dataclass(frozen=True)
class Score:
    """Of one constant, over many simulations."""

    bias: float
    """Mean distance from what was planted, as a share of it."""
    sd: float
    """Standard deviation of that distance."""
    held: float
    """Share of intervals that hold what was planted."""
    reach: float
    """Median half width of the intervals, as a share of what was planted."""
    count: int
    """Simulations in which there was a number."""


@dataclass(frozen=True)
class Case:
    """A server, its load, and how it is looked at."""

    name: str
    jobs: Mapping[str, Job] = field(default_factory=lambda: {"a": Job()})
    server: Server = field(default_factory=Server)
    scraping: Scraping = field(default_factory=Scraping)
    find: Callable[[Day, Case], Found] = field(default=lambda day, case: memory(day, case))

    lags: Sequence[float] = LAGS
    share: float = 1.0
    """Of the simulations that others take; for what is slow, or hardly varies."""

    @property
    def sampling(self) -> Sampling:
        one = self.scraping
        return Sampling(one.interval, one.window, self.lags, one.jitter)

    @property
    def lag_known(self) -> Case:
        """The same, but that it is known how late stamps are; many times as quick."""
        return replace(self, lags=(self.scraping.lag,))


def memory(day: Day, case: Case) -> Found:
    """What memory costs."""
    costs = state_costs(day.memory, case.sampling, grows=True)
    assert not isinstance(costs, NotEstimable), costs.reason
    if not case.server.growth_mib:
        yield "base", costs.base, day.base_mib * MIB
    yield "starting", costs.starting, case.server.starting_mib * MIB / 2
    for name, job in case.jobs.items():
        yield f"running {name}", costs.running[name], job.mib * day.mean_share[name] * MIB
    drift, leak = case.server.drift_mib_per_hour * MIB, case.server.leak_mib_per_run * MIB
    if isinstance(costs.drift_per_hour, Estimate):
        yield "leak apart", costs.leak_per_run, leak
        yield "drift", costs.drift_per_hour, drift
    elif leak or drift:
        ended = sum(len(life.runs[name].running.began) for life in day.memory for name in case.jobs)
        yield "leak", costs.leak_per_run, leak + drift * case.server.hours / ended
    lag = costs.quality
    yield "lag", Estimate(lag.lag, lag.lag_low, lag.lag_high, lag.scrapes), case.scraping.lag


def cpu(day: Day, case: Case) -> Found:
    """What it computes."""
    costs = cpu_costs(day.cpu, case.sampling)
    assert not isinstance(costs, NotEstimable), costs.reason
    server = case.server
    spurts = (2.0 * server.spurts_per_hour + server.tick_seconds * server.ticks_per_hour) / 3600
    yield "base cores", costs.base_cores, server.base_cores + spurts
    if server.ticks_per_hour:
        yield "CPU-seconds of a tick", costs.seconds_per_tick, server.tick_seconds
    yield "CPU-seconds of a start", costs.start_seconds, day.start_seconds
    for name, job in case.jobs.items():
        if not job.by_run:
            yield f"running cores {name}", costs.running_cores[name], job.cores
        yield f"CPU-seconds {name}", costs.seconds_per_run[name], day.cpu_seconds[name]


def ages(day: Day, case: Case) -> Found:
    """What memory of the job `a` costs by age, where it has a spike from 60 to 80 seconds."""
    costs = state_costs(day.memory, case.sampling, grows=True)
    assert not isinstance(costs, NotEstimable), costs.reason
    profile = memory_profile(day.memory, case.sampling, costs, "a")
    assert not isinstance(profile, NotEstimable), profile.reason
    held = case.jobs["a"].mib * MIB
    for one in profile.bins:
        if one.lowest >= 60 and one.highest <= 80:
            yield "in the spike", one.cost, 2 * held
        elif one.highest <= 60 or 80 <= one.lowest < 120:
            yield "beside it", one.cost, held


def threads(day: Day, case: Case) -> Found:
    """What threads it has."""
    costs = state_costs(day.threads, case.sampling, grows=False)
    assert not isinstance(costs, NotEstimable), costs.reason
    yield "base threads", costs.base, case.server.base_threads
    yield "starting threads", costs.starting, case.server.starting_threads
    for name, job in case.jobs.items():
        yield f"threads {name}", costs.running[name], job.threads


BOTH = {"a": Job(per_hour=15, burst_minutes=30), "b": Job(per_hour=20, seconds=50, mib=150)}
CASES = (
    Case("at random"),
    Case("bursts", {"a": Job(per_hour=0, burst_minutes=15)}),
    Case("both, two jobs", BOTH),
    Case("every 15 s", scraping=Scraping(15)),
    Case("every 60 s", scraping=Scraping(60)),
    Case("means over 60 s", scraping=Scraping(60, window=60)),
    Case("means, bursts", {"a": Job(per_hour=0, burst_minutes=15)}, scraping=Scraping(60, window=60, lag=5)),
    *(Case(f"late by {lag} s", scraping=Scraping(lag=lag), share=0.25) for lag in (2, 5, 10, 15)),
    Case("lingers", server=Server(lingers_seconds=3)),
    Case(
        "lingers, short runs",
        {"a": Job(per_hour=120, seconds=20)},
        Server(lingers_seconds=3),
        Scraping(15, lag=5),
    ),
    Case("stale by 0 to 10 s", scraping=Scraping(15, jitter=10)),
    Case("stale, short runs", {"a": Job(per_hour=120, seconds=20)}, scraping=Scraping(30, jitter=15)),
    Case("leak per run", server=Server(leak_mib_per_run=0.2)),
    Case("drift", server=Server(drift_mib_per_hour=2)),
    Case("four lives", server=Server(lives=4, base_apart_mib=30)),
    Case("four lives that leak", server=Server(lives=4, base_apart_mib=30, leak_mib_per_run=0.2)),
    Case("day and night, leak", server=Server(hours=48, leak_mib_per_run=0.2, day_and_night=0.8)),
    Case(
        "leak and drift apart",
        server=Server(
            hours=72,
            lives=6,
            leak_mib_per_run=0.2,
            drift_mib_per_hour=2,
            base_apart_mib=30,
            day_and_night=0.9,
        ),
    ),
    Case("slow noise", server=Server(noise_mib=40, noise_seconds=900)),
    Case("caches that fill", server=Server(growth_mib=5)),
    Case("ramp", {"a": Job(shape=ramp)}),
    Case("spike", {"a": Job(shape=spike)}),
    Case("spike, by age", {"a": Job(shape=spike)}, find=ages, share=0.25),
    Case("long runs", {"a": Job(per_hour=6, seconds=1200)}, Server(hours=72)),
    Case("short runs", {"a": Job(per_hour=120, seconds=10)}),
    Case("four hours", {"a": Job(per_hour=120, seconds=40)}, Server(hours=4)),
    Case("few runs", {"a": Job(), "b": Job(per_hour=1)}),
    Case("CPU", BOTH, find=cpu),
    Case("CPU, bursts", {"a": Job(per_hour=0, burst_minutes=15)}, find=cpu),
    Case("CPU, two CPUs", {"a": Job(per_hour=0, burst_minutes=15)}, Server(cpus=2), Scraping(2), find=cpu),
    Case("CPU, ticks", server=Server(ticks_per_hour=120, hours=6), scraping=Scraping(5), find=cpu),
    Case(
        "CPU, work",
        {"a": Job(per_hour=0, burst_minutes=15, cores=0.8, seconds=30, by_run=True)},
        Server(cpus=2),
        find=cpu,
    ),
    Case("CPU, four lives", server=Server(lives=4), scraping=Scraping(15, lag=10), find=cpu),
    Case("CPU, stale", BOTH, scraping=Scraping(15, jitter=10), find=cpu),
    Case("threads", BOTH, find=threads),
)


def score(case: Case, simulations: int) -> dict[str, Score]:
    """Find what is planted in so many simulations; each case has days of its own."""
    found: dict[str, list[tuple[Told, float]]] = {}
    first = 1000 * zlib.crc32(case.name.encode())
    for seed in range(first, first + simulations):
        for name, told, truth in case.find(day(seed, case.jobs, case.server, case.scraping), case):
            found.setdefault(name, []).append((told, truth))
    return {name: _score(pairs) for name, pairs in found.items()}


def _score(pairs: list[tuple[Told, float]]) -> Score:
    told = [(one, truth) for one, truth in pairs if isinstance(one, Estimate)]
    if not told:
        return Score(float("nan"), float("nan"), float("nan"), float("nan"), 0)
    unit = [truth or 1.0 for _, truth in told]
    away = np.array([(one.value - truth) / u for (one, truth), u in zip(told, unit, strict=True)])
    reach = np.array([(one.high - one.low) / 2 / u for (one, _), u in zip(told, unit, strict=True)])
    # What has no noise is found but for the last digits.
    held = [one.low - 1e-9 * abs(truth) <= truth <= one.high + 1e-9 * abs(truth) for one, truth in told]
    return Score(
        float(away.mean()), float(away.std()), float(np.mean(held)), float(np.median(reach)), len(told)
    )

"""Demand whose peaks are known, to hold sizes against: how often a target holds, and at what price.

python -m tests.known_demand        prints the table of docs/demand-and-size.md: some minutes

A kind of demand is played for many days: from some of them a target is computed, as from a history, and the
days that follow tell on how many of them it held. Beside it stand the guide's factor, and the highest peak of
the last days, which is how peers size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from harness.model.day_peaks import DAY_SECONDS
from harness.model.linear import Array
from harness.sizing.arrivals import trace_of_history
from harness.sizing.day_peaks_seen import peaks_seen
from harness.sizing.demand import demand_of_history

RETURN_DAYS = 100.0
HISTORIES = (30, 100, 400)
"""Days of the histories."""
DAYS_TO_COME = 4000
TIMES = 40
"""Histories of each length."""
ONE = np.array([1.0])
HOUR = 3600.0

Runs = tuple[Array, Array]
"""Starts and ends, in seconds; both of shape (n,)."""
Play = Callable[[np.random.Generator, int], Runs]
"""Plays so many days."""


def _at_random(rng: np.random.Generator, days: int, per_hour: float) -> Array:
    count = rng.poisson(per_hour * 24 * days)
    return np.sort(rng.uniform(0, days * DAY_SECONDS, count))


def _lasting(starts: Array, seconds: Array | float) -> Runs:
    return starts, starts + seconds


def _together(*parts: Runs) -> Runs:
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _schedule(days: int, every: float, at: float, runs: int, seconds: float) -> Runs:
    instants = np.arange(at, days * DAY_SECONDS, every)
    return _lasting(np.repeat(instants, runs), seconds)


def random(rng: np.random.Generator, days: int) -> Runs:
    """The guide's example: 200 an hour of 45 s."""
    return _lasting(_at_random(rng, days, 200.0), 45.0)


def nightly(rng: np.random.Generator, days: int) -> Runs:
    """20 at two o'clock, of 45 s, beside 10 an hour of 30 s."""
    return _together(
        _lasting(_at_random(rng, days, 10.0), 30.0), _schedule(days, DAY_SECONDS, 2 * HOUR, 20, 45.0)
    )


def schedules(rng: np.random.Generator, days: int) -> Runs:
    """Every hour 3, every six hours 5, every night 8, which coincide at midnight; 20 an hour beside them."""
    return _together(
        _lasting(_at_random(rng, days, 20.0), 60.0),
        _schedule(days, HOUR, 0.0, 3, 120.0),
        _schedule(days, 6 * HOUR, 0.0, 5, 240.0),
        _schedule(days, DAY_SECONDS, 0.0, 8, 600.0),
    )


def fan_out(rng: np.random.Generator, days: int) -> Runs:
    """At each full hour a number of runs that varies, 12 on average, of 1 to 3 minutes."""
    counts = rng.poisson(12.0, 24 * days)
    starts = np.repeat(np.arange(24 * days) * HOUR, counts)
    return _lasting(starts, rng.uniform(60.0, 180.0, len(starts)))


def office_hours(rng: np.random.Generator, days: int) -> Runs:
    """At random, 150 an hour from nine to five on five days, 15 an hour else; of 60 s."""
    starts = _at_random(rng, days, 150.0)
    hour, weekday = starts % DAY_SECONDS / HOUR, starts // DAY_SECONDS % 7
    busy = (hour >= 9) & (hour < 17) & (weekday < 5)
    return _lasting(starts[busy | (rng.uniform(size=len(starts)) < 0.1)], 60.0)


def heavy_tails(rng: np.random.Generator, days: int) -> Runs:
    """60 an hour of a minute in the middle and five on average, some for hours (lognormal)."""
    starts = _at_random(rng, days, 60.0)
    return _lasting(starts, np.minimum(rng.lognormal(np.log(60.0), 1.8, len(starts)), 6 * HOUR))


def weekly(rng: np.random.Generator, days: int) -> Runs:
    """12 at once on one day of the week, of 5 minutes, beside 10 an hour of 30 s."""
    return _together(
        _lasting(_at_random(rng, days, 10.0), 30.0),
        _schedule(days, 7 * DAY_SECONDS, 3.1 * DAY_SECONDS, 12, 300.0),
    )


def monthly(rng: np.random.Generator, days: int) -> Runs:
    """30 at once every 30 days, of 10 minutes, beside 60 an hour of 60 s."""
    return _together(
        _lasting(_at_random(rng, days, 60.0), 60.0),
        _schedule(days, 30 * DAY_SECONDS, 5.1 * DAY_SECONDS, 30, 600.0),
    )


DEMANDS: dict[str, Play] = {
    "at random": random,
    "nightly burst": nightly,
    "schedules that coincide": schedules,
    "fan-out at the full hour": fan_out,
    "office hours": office_hours,
    "heavy tails": heavy_tails,
    "weekly burst": weekly,
    "monthly burst": monthly,
}


@dataclass(frozen=True)
class Held:
    """How one way to size did."""

    days: float
    """Share of the days to come on which it held; mean over histories."""
    worst: float
    """The same, of the history from which it held on the fewest."""
    size: float
    """Runs that it is for, over the least that would hold on 99 of 100 days; mean over histories."""
    largest: float
    """The same, of the history that gave the most."""


@dataclass(frozen=True)
class Row:
    """One kind of demand, sized from histories of one length."""

    demand: str
    history_days: int
    target: Held
    guide: Held
    last_days: Held


def peaks_of(runs: Runs, days: int) -> Array:
    """The most runs at once on each day; shape (days,)."""
    starts, ends = runs
    held = trace_of_history(starts, ends, np.zeros(len(starts), dtype=np.int64), 0.0).occupancy(1)
    return np.array([float(one[0]) for one in peaks_seen(held, ONE).counts][:days])


def rows(times: int = TIMES, days_to_come: int = DAYS_TO_COME) -> Iterator[Row]:
    """How each kind of demand is sized from histories of each length."""
    for name, play in DEMANDS.items():
        to_come = np.sort(peaks_of(play(np.random.default_rng(0), days_to_come), days_to_come))
        least = float(np.quantile(to_come, 1 - 1 / RETURN_DAYS, method="inverted_cdf"))
        for days in HISTORIES:
            targets, guides, highest = [], [], []
            for number in range(times):
                starts, ends = play(np.random.default_rng([number, days]), days)
                found = demand_of_history(
                    starts, ends, np.zeros(len(starts)), 0.0, ONE, 2.5, RETURN_DAYS, seed=1
                )
                targets.append(found.target.total)
                guides.append(found.guide.total)
                highest.append(peaks_of((starts, ends), days).max())
            yield Row(
                name, days, *(_held(np.array(one), to_come, least) for one in (targets, guides, highest))
            )


def _held(sizes: Array, to_come: Array, least: float) -> Held:
    shares = np.searchsorted(to_come, sizes, side="right") / len(to_come)
    return Held(
        days=float(shares.mean()),
        worst=float(shares.min()),
        size=float(sizes.mean() / least),
        largest=float(sizes.max() / least),
    )


def table(found: Iterator[Row]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield "| demand | history | target holds (worst) | × the least (most) | max of history | guide's 2.5 × |"
    yield "|---|---|---|---|---|---|"
    for row in found:
        target, last = row.target, row.last_days
        yield (
            f"| {row.demand} | {row.history_days} days | {target.days:.1%} ({target.worst:.1%}) "
            f"| {target.size:.2f} ({target.largest:.2f}) | {last.days:.1%} ({last.worst:.1%}) "
            f"| {row.guide.days:.0%} |"
        )


if __name__ == "__main__":
    for line in table(rows()):
        print(line, flush=True)

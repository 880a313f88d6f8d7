"""Whose instants readings carry: of the measurement, or of the scrape that fetched them later. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.metrics.source import Array, Readings, Stamp

_TOLERANCE_SECONDS = 0.002
"""By which Prometheus lets a scrape be late and stamps it as if it were not."""
_REGULAR_SHARE = 0.02
"""Of the interval: scrapes whose stamps are not evened out are still as regular as that."""
_MOST = 0.8
_ALIKE = 0.5
_FEWEST = 4
_MOST_CONTAINERS = 20
_LOOKED_AT = 5000
"""Readings of a container that are enough to tell."""


@dataclass(frozen=True)
class Stamped:
    """Stamps of one container, each ascending."""

    target: str
    """Address that was scraped."""
    memory: Array
    start: Array | None
    """Of the metric that tells when it started, which never has stamps of its own."""


def stamp_of(containers: Sequence[Stamped]) -> Stamp:
    """Whether readings are stamped by cAdvisor, which measured them, or by who scraped cAdvisor.

    cAdvisor measures each container by itself, every ten seconds or so and never quite regularly, and gives
    the instant of that with the values. A server that heeds it (`honor_timestamps`, the default) stores that
    instant. One that does not stores the instant of its scrape: the same for all that one scrape fetched, and
    on a grid. So, for each of the twenty containers with most readings,

    - where the metric of its start is there, and has other stamps than its memory, these are cAdvisor's own,
      as that metric has none of its own: `measured`;
    - where both have the same stamps, at distances that are multiples of the median within 2 %: `scraped`;
    - without that metric, where the stamps lie on a grid within 2 ms, or another container of the same target
      has the same stamps: `scraped`;
    - else `measured`.

    Together they are `measured` where more than 90 % of readings are, else `scraped`, as that promises less.
    """
    fullest = sorted(containers, key=lambda one: -len(one.memory))[:_MOST_CONTAINERS]
    told = [one for one in fullest if len(one.memory) >= _FEWEST]
    if not told:
        return "scraped"
    twins = _with_twins(told)
    measured = sum(len(one.memory) for one in told if not _is_scraped(one, twins))
    return "measured" if measured > 0.9 * sum(len(one.memory) for one in told) else "scraped"


def on_grid(at: Array, tolerance: float) -> bool:
    """Whether nearly all distances are multiples of the median one, within so many seconds."""
    distances = np.diff(at)
    interval = float(np.median(distances))
    off = np.abs(distances - np.round(distances / interval) * interval)
    return bool(np.mean(off <= tolerance) >= _MOST)


def median_interval(all_readings: Sequence[Readings]) -> float:
    """Median distance of readings within a series; nan where there are none."""
    distances = [np.diff(one.at) for one in all_readings if len(one.at) > 1]
    return float(np.median(np.concatenate(distances))) if distances else float("nan")


def _is_scraped(one: Stamped, twins: set[int]) -> bool:
    at = one.memory[:_LOOKED_AT]
    if one.start is not None and len(one.start) >= _FEWEST:
        # Only while both are told: the start is forgotten at once, the memory lingers.
        inside = at[(at >= one.start[0]) & (at <= one.start[-1])]
        if len(inside) >= _FEWEST:
            if np.mean(np.isin(inside, one.start)) < _ALIKE:
                return False
            return on_grid(at, _REGULAR_SHARE * float(np.median(np.diff(at))))
    return on_grid(at, _TOLERANCE_SECONDS) or id(one) in twins


def _with_twins(containers: Sequence[Stamped]) -> set[int]:
    """Those that have the same stamps as another of their target, while both lived."""
    found: set[int] = set()
    for one in containers:
        for other in containers:
            if one is other or one.target != other.target:
                continue
            at = one.memory[:_LOOKED_AT]
            both = at[(at >= other.memory[0]) & (at <= other.memory[-1])]
            if len(both) >= _FEWEST and np.mean(np.isin(both, other.memory)) >= _ALIKE:
                found.add(id(one))
                break
    return found

"""From one-minute statistics of CloudWatch to the lives of containers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from harness.metrics.limits import as_limit, limit_in
from harness.metrics.lives import part
from harness.metrics.source import Array, Instance, Quantity, Readings

_CLEARLY_OVER = 1.05


@dataclass(frozen=True)
class Told:
    """What is published of one task, pod or service; all stamps are the begin of the minute."""

    name: str
    memory: Readings
    """Bytes; at least one."""
    rates: Readings | None
    """Cores, each the mean of its minute."""
    memory_limit: Readings | None
    cpu_limit: Readings | None
    begins: Array
    """Minutes with which another life begins, ascending."""


def lives_of(told: Told, late: float, window: float, alive_after: float) -> list[Instance]:
    """Each life of what was told.

    Args:
        told: of one task, pod or service.
        late: seconds from the begin of a minute to the stamp that its readings get.
        window: seconds that each rate is the mean of.
        alive_after: begin of a minute; what has a reading after it still runs.
    """
    borders = [-np.inf, *told.begins.tolist(), np.inf]
    parts = [(begin, end) for begin, end in pairwise(borders) if len(part(told.memory, begin, end).at)]
    limits = [
        None if limit is None else as_limit(_shifted(limit, late))
        for limit in (told.memory_limit, told.cpu_limit)
    ]
    found = []
    for number, (begin, end) in enumerate(parts):
        memory = part(told.memory, begin, end)
        is_last = number == len(parts) - 1
        began, last = float(memory.at[0] + late), float(memory.at[-1])
        until = np.inf if is_last else parts[number + 1][0] + late
        readings: dict[Quantity, Readings] = {"working_set_bytes": _shifted(memory, late)}
        if told.rates is not None and len((rates := part(told.rates, begin, end)).at):
            readings["cpu_seconds"] = _shifted(counter(rates, window), late)
        found.append(
            Instance(
                told.name,
                began,
                np.inf if is_last and last > alive_after else last + late,
                readings,
                limit_in(limits[0], began, until),
                limit_in(limits[1], began, until),
            )
        )
    return found


def counter(rates: Readings, window: float) -> Readings:
    """The counter that has grown at these rates, from the first of them on.

    What was used in minutes without a rate is not known. As readings are set against each other in pairs,
    any counter says something of a gap; this one has grown in it at the mean of the rates before and after,
    so that a gap is neither idle nor forgotten.

    Args:
        rates: cores; at least one.
        window: seconds that each is the mean of.
    """
    missing = np.diff(rates.at) - window
    between = (rates.values[:-1] + rates.values[1:]) / 2
    grown = rates.values * window
    grown[1:] += np.maximum(missing, 0.0) * between
    return Readings(rates.at, np.cumsum(grown))


def alone(means: Readings, counts: Readings) -> tuple[Readings, Array]:
    """Readings of the minutes in which one task ran, and those of them with which another one takes over.

    Where another number is told, the task before is not the task after. Minutes without a number count.

    Args:
        means: over the tasks that ran.
        counts: of tasks that ran.
    """
    others = counts.at[counts.values != 1]
    kept = ~np.isin(means.at, others)
    at = means.at[kept]
    between = np.diff(np.searchsorted(others, at)) > 0
    return Readings(at, means.values[kept]), at[1:][between]


def restarted(memory: Readings, restarts: Readings) -> Array:
    """Minutes with which a restarted container begins; shape (restarts of its own,).

    Restarts are told of all containers of a pod or task. Of another one, it is none of ours; and where memory
    is not lower than before, it is either that, or the container is again as it was.

    Args:
        memory: of the container, or of all of them.
        restarts: how many there were in each minute.
    """
    places = np.searchsorted(memory.at, restarts.at[restarts.values > 0])
    places = np.unique(places[(places > 0) & (places < len(memory.at))])
    return memory.at[places[memory.values[places] < memory.values[places - 1]]]


def is_exceeded(limits: Sequence[tuple[Readings | None, Readings | None]]) -> bool:
    """Whether what was used was clearly more than what is told as its limit, which is then none.

    Args:
        limits: of each task, the limit and what was used.
    """
    for limit, used in limits:
        if limit is not None and used is not None:
            _, here, there = np.intersect1d(limit.at, used.at, return_indices=True)
            if (used.values[there] > _CLEARLY_OVER * limit.values[here]).any():
                return True
    return False


def product(first: Readings, second: Readings, factor: float) -> Readings:
    """Of the minutes that both have."""
    at, here, there = np.intersect1d(first.at, second.at, return_indices=True)
    return Readings(at, first.values[here] * second.values[there] * factor)


def _shifted(readings: Readings, seconds: float) -> Readings:
    return Readings(readings.at + seconds, readings.values)

"""When containers began and ended, by their readings and by what a metrics system tells of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from harness.metrics.source import Array, Quantity, Readings

LINGER_SECONDS = 300.0
"""For so long, the last values of a container that is gone are told again and again."""
INTERVALS_UNTIL_GONE = 3.0
"""A container without a reading for so many intervals is gone."""
_CHANGES: tuple[Quantity, ...] = ("cpu_seconds", "working_set_bytes", "rss_bytes", "cache_bytes")
"""What changes all the time while a process lives."""


@dataclass(frozen=True)
class Container:
    """One container as it was read; it may have been restarted."""

    name: str
    readings: Mapping[Quantity, Readings]
    starts: Readings | None = None
    """What was told of when it started: epoch seconds, over time."""


@dataclass(frozen=True)
class Life:
    """One life of a container."""

    container: int
    """Which of those that were given."""
    name: str
    began: float
    """Epoch seconds; of its first reading where its start is not known."""
    start_known: bool
    ended: float
    """Its last reading in which anything changed; infinity where it goes on, or where that is not known."""
    until: float
    """When the next life in its place began; infinity without one. What is told from then on is not of it."""
    readings: Mapping[Quantity, Readings]
    """Between its start and its end."""


@dataclass(frozen=True)
class _Stretch:
    container: int
    began: float
    known: bool
    first: float
    """Readings before it are of the life before."""
    until: float = np.inf


def quiet_seconds(interval: float, least: float = LINGER_SECONDS) -> float:
    """For how long a container may have no reading before it is gone.

    Args:
        interval: seconds between readings; nan where that is not known.
        least: seconds that it may be quiet for, however often it is read.
    """
    return float(np.nanmax([least, interval * INTERVALS_UNTIL_GONE]))


def lives_in_place(containers: Sequence[Container], alive_after: float) -> list[Life]:
    """The lives of containers of which at most one ran at a time, by their start.

    A life ends where the next one begins. Some metrics systems repeat the last values of a container for
    minutes after its end, and even after its restart: readings at the end of a life in which neither its CPU
    time nor its memory changes are not its own.

    Args:
        containers: of one place, such as one container of one pod, each with its own id.
        alive_after: a container with a reading after it (epoch seconds) still runs; minus infinity where
            nothing is known of ends.
    """
    cleaned = [_without_nothing(container) for container in containers]
    stretches = [
        stretch
        for number, container in enumerate(cleaned)
        if "working_set_bytes" in container.readings
        for stretch in _stretches(number, container)
    ]
    stretches.sort(key=lambda stretch: (stretch.began, stretch.first))
    followed = [replace(one, until=after.began) for one, after in pairwise(stretches)]
    lives = [_life(cleaned[one.container], one, alive_after) for one in [*followed, *stretches[-1:]]]
    return [life for life in lives if life is not None]


def kills_in(
    events: Readings | None, life: Life, before: Life | None, following: Life | None
) -> tuple[int | None, bool | None]:
    """Processes that were killed in a life for their memory, and whether that was its end; None: not known.

    That it was not the end is never known so: what counts kills is often gone with the container.

    Args:
        events: the counter of its container.
        life: whose kills.
        before: the life before it in its place.
        following: the life after it.
    """
    if events is None:
        return None, None
    memory = life.readings["working_set_bytes"]
    apart = float(np.median(np.diff(memory.at))) if len(memory.at) > 1 else 0.0
    # The kill that ends a life may be told with the first readings of the next one.
    goes_on = before is not None and before.container == life.container
    is_followed = following is not None and following.container == life.container
    first = memory.at[0] + apart if goes_on else -np.inf
    inside = part(events, first, life.until + apart if is_followed else np.inf)
    if not len(inside.at):
        return None, None
    rises = np.diff(inside.values, prepend=inside.values[0] if goes_on else 0.0)
    # One that falls was counted anew, as the kubelet was restarted.
    rises = np.where(rises < 0, inside.values, rises)
    at_end = bool((inside.at[rises > 0] > life.ended - apart).any())
    return int(rises.sum()), True if at_end else None


def part(readings: Readings, first: float, until: float) -> Readings:
    """Those in [first, until)."""
    low, high = np.searchsorted(readings.at, [first, until])
    return Readings(readings.at[low:high], readings.values[low:high])


def _without_nothing(container: Container) -> Container:
    """Without readings of no memory: a container that is gone is told of so; no process has none."""
    memory = container.readings.get("working_set_bytes")
    if memory is None or (memory.values > 0).all():
        return container
    nothing = memory.at[memory.values <= 0]
    kept = {name: _where(one, ~np.isin(one.at, nothing)) for name, one in container.readings.items()}
    return replace(container, readings={name: one for name, one in kept.items() if len(one.at)})


def _stretches(number: int, container: Container) -> list[_Stretch]:
    """What lies between restarts: where the CPU counter falls, or, without it, where another start is told.

    Another start alone is no restart: on some hosts what is told is when a folder was changed last.
    """
    first = min(one.at[0] for one in container.readings.values())
    told = starts = _told_starts(container)
    cpu = container.readings.get("cpu_seconds")
    if cpu is None:
        later = [_Stretch(number, start, True, start) for start in starts[1:] if start > first]
    else:
        falls = np.flatnonzero(np.diff(cpu.values) < 0) + 1
        later = []
        for fall in falls:
            restart = _restart(number, first, cpu.at[fall - 1], cpu.at[fall], starts)
            later.append(restart)
            starts = [start for start in starts if start > restart.began]  # each begins one life
    known = [start for start in told[:1] if start <= first + LINGER_SECONDS]
    # Whole seconds are told, cut off: a start after the first reading is one of a wrong clock.
    began = (
        _Stretch(number, min(known[0], first), True, first)
        if known
        else _Stretch(number, first, False, first)
    )
    return [began, *later]


def _restart(number: int, first: float, before: float, at: float, starts: Iterable[float]) -> _Stretch:
    """The life that begins between two readings, or shortly before them, as the old values linger."""
    near = [start for start in starts if max(before - LINGER_SECONDS, first) < start <= at]
    return _Stretch(number, near[-1], True, at) if near else _Stretch(number, at, False, at)


def _told_starts(container: Container) -> list[float]:
    """Each start once, as they were told one after the other, ascending."""
    if container.starts is None or not len(container.starts.at):
        return []
    told = container.starts
    believable = _where(told, (told.values > 0) & (told.values <= told.at + LINGER_SECONDS))
    return sorted(set(believable.values.tolist()))


def _life(container: Container, stretch: _Stretch, alive_after: float) -> Life | None:
    """None where nothing was read of it."""
    own = {
        name: inside
        for name, one in container.readings.items()
        if len((inside := part(one, stretch.first, stretch.until)).at)
    }
    if "working_set_bytes" not in own:
        return None
    last = max(one.at[-1] for one in own.values())
    ended = np.inf
    if np.isfinite(stretch.until) or last < alive_after:
        ended = _last_change(own)
        own = {name: part(one, stretch.first, np.nextafter(ended, np.inf)) for name, one in own.items()}
        own = {name: one for name, one in own.items() if len(one.at)}
    if "working_set_bytes" not in own:
        return None
    return Life(
        stretch.container,
        container.name,
        float(stretch.began),
        stretch.known,
        float(ended),
        float(stretch.until),
        own,
    )


def _last_change(readings: Mapping[Quantity, Readings]) -> float:
    """When the last reading came that differs from the one before it, in CPU time or memory."""
    return max(_final_since(readings[name]) for name in _CHANGES if name in readings)


def _final_since(readings: Readings) -> float:
    other = np.flatnonzero(readings.values != readings.values[-1])
    return float(readings.at[other[-1] + 1 if len(other) else 0])


def _where(readings: Readings, kept: Array | np.ndarray) -> Readings:
    return Readings(readings.at[kept], readings.values[kept])

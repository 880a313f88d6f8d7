"""Lives of an observed server: one for each of its containers, and a new one where a limit was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations, pairwise

import numpy as np

from harness.errors import InputError
from harness.metrics.source import Instance, Readings
from harness.results.observed_record import DayRecord, LifeRecord
from harness.sizing.run_lives import RunLife

ROLLOVER_SECONDS = 300.0
"""Two lives may overlap so long while a new one takes over, beyond the runs that the old one still had."""


@dataclass(frozen=True)
class Piece:
    """A life, or a part of one in which the limits were the same."""

    instance: Instance
    goes_on: bool
    """Of the same processes as the piece before it."""


def pieces_of(instances: Sequence[Instance]) -> tuple[Piece, ...]:
    """The lives, split where a limit was changed, with names that tell them apart, by their start."""
    pieces = [piece for one in sorted(instances, key=lambda one: one.began) for piece in _split(one)]
    seen: dict[str, int] = {}
    found = []
    for piece in pieces:
        name = piece.instance.name
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            piece = replace(piece, instance=replace(piece.instance, name=f"{name} #{seen[name]}"))
        found.append(piece)
    return tuple(found)


def refuse_overlap(instances: Sequence[Instance], runs: Sequence[RunLife]) -> None:
    """Refuse servers that took runs at the same time, as nobody knows which of them a run was in.

    A server that is replaced goes on until its last run has ended, which may take hours, and gets no new one.

    Args:
        instances: in any order.
        runs: of their code locations.

    Raises:
        InputError: naming two.
    """
    for first, second in combinations(sorted(instances, key=lambda one: one.began), 2):
        replaced = second.began - first.began > ROLLOVER_SECONDS
        left = [one.ended for one in runs if one.began < second.began] if replaced else []
        if first.ended - max([second.began, *left]) > ROLLOVER_SECONDS:
            raise InputError(
                f"--select: {first.name} and {second.name} ran at the same time, and nothing tells which of "
                "them a run was in; name one of them in --select, such as with its pod"
            )


def life_record(piece: Piece) -> LifeRecord:
    """What is kept of it."""
    one = piece.instance
    memory = one.readings["working_set_bytes"]
    return LifeRecord(
        name=one.name,
        began_epoch_seconds=one.began,
        ended_epoch_seconds=one.ended if np.isfinite(one.ended) else None,
        goes_on=piece.goes_on,
        scrapes=len(memory.at),
        memory_limit_bytes=_last(one.memory_limit_bytes),
        cpu_limit_cores=_last(one.cpu_limit_cores),
        memory_max_bytes=float(memory.values.max()),
        oom_kills=one.oom_kills,
        ended_by_oom=one.ended_by_oom,
    )


def worst_day(pieces: Sequence[Piece]) -> DayRecord:
    """Of the highest share of its limit; where no limit is known, of the highest memory."""

    def fullness(one: Instance) -> float:
        highest = float(one.readings["working_set_bytes"].values.max())
        return highest / (_last(one.memory_limit_bytes) or float(2**60))

    worst = max((piece.instance for piece in pieces), key=fullness)
    memory, limit = worst.readings["working_set_bytes"], _last(worst.memory_limit_bytes)
    place = int(np.argmax(memory.values))
    at, highest = float(memory.at[place]), float(memory.values[place])
    return DayRecord(
        day=datetime.fromtimestamp(at, UTC).date().isoformat(),
        memory_max_bytes=highest,
        at_epoch_seconds=at,
        headroom=None if limit is None else 1 - highest / limit,
    )


def _last(limit: Readings | None) -> float | None:
    told = float("inf") if limit is None or not len(limit.values) else float(limit.values[-1])
    return told if np.isfinite(told) else None


def _split(one: Instance) -> Iterator[Piece]:
    """A life in parts, one for each change of a limit that has readings before and after it."""
    stamps = one.readings["working_set_bytes"].at
    limits = [limit for limit in (one.memory_limit_bytes, one.cpu_limit_cores) if limit is not None]
    changed = {float(at) for limit in limits for at in limit.at[1:] if stamps[0] < at <= stamps[-1]}
    borders = [one.began, *sorted(changed), one.ended]
    parts = list(pairwise(borders))
    for number, (begin, end) in enumerate(parts):
        last = number == len(parts) - 1
        until = np.inf if last else end
        since = -np.inf if number == 0 else begin
        readings = {name: _between(told, since, until) for name, told in one.readings.items()}
        yield Piece(
            replace(
                one,
                began=begin,
                ended=end,
                readings=readings,
                memory_limit_bytes=_until(one.memory_limit_bytes, until),
                cpu_limit_cores=_until(one.cpu_limit_cores, until),
                oom_kills=one.oom_kills if last else None,
                ended_by_oom=one.ended_by_oom if last else None,
            ),
            goes_on=number > 0,
        )


def _between(readings: Readings, since: float, until: float) -> Readings:
    kept = (readings.at >= since) & (readings.at < until)
    return Readings(readings.at[kept], readings.values[kept])


def _until(limit: Readings | None, until: float) -> Readings | None:
    return None if limit is None else _between(limit, -np.inf, until)

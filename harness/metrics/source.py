"""What a source of metrics promises: readings of containers that ran, and what it cannot know of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = Literal["point", "mean", "max"]
"""What a reading is of: an instant, or the mean or the most of the time before it."""
Stamp = Literal["measured", "scraped"]
"""Whose instant a reading carries: when it was measured, or when it was fetched, which is later."""
Quantity = Literal[
    "working_set_bytes",
    "rss_bytes",
    "cache_bytes",
    "cpu_seconds",
    "throttled_seconds",
    "threads",
    "processes",
]
"""`cpu_seconds` and `throttled_seconds` are counters since the container's start; the others are states.
`working_set_bytes` is usage less inactive files, `rss_bytes` anonymous memory, `cache_bytes` page cache."""
LIMITS = ("memory_limit_bytes", "cpu_limit_cores")
UNKNOWN: dict[str, str] = {
    "rss_bytes": "anonymous memory by itself",
    "cache_bytes": "page cache by itself",
    "cpu_seconds": "CPU time",
    "throttled_seconds": "time in which the CPU limit held it back",
    "threads": "threads",
    "processes": "processes",
    "memory_limit_bytes": "the memory limit",
    "cpu_limit_cores": "the CPU limit",
}
"""How what a source lacks is called among what it cannot know."""
ALWAYS_UNKNOWN = ("the kernel's own peak", "threads by role")
Say = Callable[[str], None]
"""Is told how reading goes on, a line at a time."""


@dataclass(frozen=True)
class Readings:
    """One quantity of one container."""

    at: Array
    """Epoch seconds, ascending, each once; shape (readings,)."""
    values: Array
    """In the quantity's unit; shape of `at`."""


@dataclass(frozen=True)
class Instance:
    """One life of one container, from its start to its end."""

    name: str
    """For people: the pod, or the container where there is none; of a later life with its number. No other
    instance of a read is called so."""
    began: float
    """Epoch seconds; of its first reading where its start is not known."""
    ended: float
    """Epoch seconds; infinity where it still runs, or its end is not known."""
    readings: Mapping[Quantity, Readings]
    """Without those that a metrics system repeats after the end."""
    memory_limit_bytes: Readings | None = None
    """The limit over time, one entry for each change; None where it is not known, or there is none."""
    cpu_limit_cores: Readings | None = None
    """As the limit of memory."""
    oom_kills: int | None = None
    """Processes in it that the kernel killed at the limit; None where that is not known."""
    ended_by_oom: bool | None = None
    """Whether it was its own end; None where that is not known."""


def minute(at: float) -> str:
    """An instant in epoch seconds, for people."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def in_order(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    """Instances by their start, each under a name of its own."""
    lives: Counter[str] = Counter()
    found = []
    for one in sorted(instances, key=lambda one: (one.began, one.name)):
        lives[one.name] += 1
        number = lives[one.name]
        found.append(one if number == 1 else replace(one, name=f"{one.name} ({number})"))
    return tuple(found)


@dataclass(frozen=True)
class Abilities:
    """What readings of a source are, and what nobody may conclude from them."""

    kind: Kind
    window_seconds: float
    """Of a mean or a maximum; 0 for points."""
    stamp: Stamp
    interval_seconds: float
    """Median distance of readings, as it was seen; nan before anything was read."""
    unknown: tuple[str, ...] = field(default=())
    """What it cannot know, a clause each, such as `the kernel's own peak`."""


class MetricsSource(Protocol):
    """Reads what one code server's containers used, once."""

    @property
    def name(self) -> str:
        """What it is, for people, without secrets: `prometheus http://127.0.0.1:9090`."""

    def read(self, since: float, until: float, say: Say) -> tuple[tuple[Instance, ...], Abilities]:
        """Every life of the selected container that has readings in a time, by its start.

        Args:
            since: epoch seconds.
            until: epoch seconds, after `since`.
            say: progress.

        Raises:
            InputError: the source cannot be read, or nothing or several deployments were selected: one line
                with the option and the fix.
            MachineError: the source does not answer.
        """

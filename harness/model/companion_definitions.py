"""What the webserver and the daemon cost beside the code server: further entries of the registry."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from harness.model.bursts import Bursts
from harness.model.definition import Definition, Kind, Points
from harness.model.intervals import Estimate, estimate_mean

COMPANIONS = ("webserver", "daemon")


def _companion_memory(companion: str, part: Literal["base", "slope"], bursts: Bursts) -> Points:
    return Points(part, bursts.ended, bursts.columns[f"{companion}_memory_peak_bytes"])


def _companion_cores(companion: str, bursts: Bursts) -> Points:
    return Points("mean", bursts.ended, bursts.columns[f"{companion}_idle_cpu_cores"])


def _companion_work(companion: str, bursts: Bursts) -> Points:
    """CPU-seconds of each burst beyond those of the idle companion."""
    idle = estimate_mean(bursts.columns[f"{companion}_idle_cpu_cores"])
    idle_cores = idle.value if isinstance(idle, Estimate) else 0.0
    used = bursts.columns[f"{companion}_cpu_seconds"]
    return Points("slope", bursts.ended, used - idle_cores * bursts.columns[f"{companion}_window_seconds"])


def _of_companion(companion: str) -> tuple[Definition, ...]:
    """What the webserver or the daemon costs, where it was read."""
    memory, idle = f"{companion}_memory_peak_bytes", f"{companion}_idle_cpu_cores"
    work = (f"{companion}_cpu_seconds", f"{companion}_window_seconds", idle)
    against = "against runs ended"
    told: tuple[tuple[str, str, str, str, Kind, tuple[str, ...], Callable[[Bursts], Points]], ...] = (
        (
            f"{companion}_base_memory_bytes",
            "bytes",
            f"Memory of the {companion} before any launch.",
            f"base of {memory} {against}",
            "memory",
            (memory,),
            partial(_companion_memory, companion, "base"),
        ),
        (
            f"{companion}_memory_per_launch_bytes",
            "bytes",
            f"Memory that each launch of a burst adds to the peak of the {companion}.",
            f"slope of {memory} {against}",
            "memory",
            (memory,),
            partial(_companion_memory, companion, "slope"),
        ),
        (
            f"{companion}_base_cpu_cores",
            "cores",
            f"CPU of the idle {companion}.",
            f"mean of {idle}",
            "cpu",
            (idle,),
            partial(_companion_cores, companion),
        ),
        (
            f"{companion}_cpu_seconds_per_launch",
            "seconds",
            f"CPU time that one launch costs the {companion}.",
            f"slope of {work[0]}, less the idle share of {work[1]}, {against}",
            "cpu",
            work,
            partial(_companion_work, companion),
        ),
    )
    return tuple(
        Definition(
            name, unit, meaning, source, kind, ("runs",), needs, points, if_measured=True, compared=False
        )
        for name, unit, meaning, source, kind, needs, points in told
    )


COMPANION_DEFINITIONS = tuple(one for companion in COMPANIONS for one in _of_companion(companion))
"""In the order in which constants are shown."""

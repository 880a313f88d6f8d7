"""What the webserver and the daemon cost beside the code server: further entries of the registry."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from harness.model.bursts import Bursts
from harness.model.definition import Definition, Kind, Points
from harness.model.definitions import idle_cores, measured_apart, work

COMPANIONS = ("webserver", "daemon")


def _memory(column: str, part: Literal["base", "slope"], bursts: Bursts) -> Points:
    return Points(part, bursts.ended, bursts.columns[column])


def _of_companion(companion: str) -> tuple[Definition, ...]:
    """What the webserver or the daemon costs, where it was read."""
    of = f"{companion}_"
    memory, idle, used, window = (
        f"{of}{column}" for column in ("memory_peak_bytes", "idle_cpu_cores", "cpu_seconds", "window_seconds")
    )

    def entry(
        name: str,
        unit: str,
        meaning: str,
        source: str,
        kind: Kind,
        needs: tuple[str, ...],
        points: Callable[[Bursts], Points],
    ) -> Definition:
        whole = f"{of}{name}"
        return Definition(
            whole, unit, meaning, source, kind, ("runs",), needs, points, if_measured=True, compared=False
        )

    return (
        entry(
            "base_memory_bytes",
            "bytes",
            f"Memory of the {companion} before any launch.",
            f"base of {memory} against runs ended",
            "memory",
            (memory,),
            partial(_memory, memory, "base"),
        ),
        entry(
            "memory_per_launch_bytes",
            "bytes",
            f"Memory that each launch of a burst adds to the peak of the {companion}.",
            f"slope of {memory} against runs ended",
            "memory",
            (memory,),
            partial(_memory, memory, "slope"),
        ),
        entry(
            "base_cpu_cores",
            "cores",
            f"CPU of the idle {companion}.",
            f"mean of {idle}",
            "cpu",
            (idle,),
            partial(idle_cores, of),
        ),
        entry(
            "cpu_seconds_per_launch",
            "seconds",
            f"CPU time that one launch costs the {companion}.",
            f"slope of {used}, less the idle share of {window}, against runs ended",
            "cpu",
            (used, window, idle),
            partial(work, of),
        ),
    )


_OF_TICKS = (
    measured_apart(
        "daemon_ticking_memory_bytes",
        "bytes",
        "Memory that evaluating sensors adds to the peak of the daemon, however many there are.",
        "mean over the times of its ticks, of daemon_memory_peak_bytes above that of the first quiet time",
        "memory",
    ),
    measured_apart(
        "daemon_cpu_seconds_per_tick",
        "seconds",
        "CPU time that evaluating a sensor once costs the daemon; the webserver takes no part in it.",
        "mean over the times of its ticks, of daemon_cpu_seconds, less the idle share, over daemon_ticks",
        "cpu",
    ),
)

COMPANION_DEFINITIONS = (*(one for companion in COMPANIONS for one in _of_companion(companion)), *_OF_TICKS)
"""In the order in which constants are shown."""

"""How far the clocks of Locust's machines are off this one's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from harness.errors import ExperimentError

ASKS = 5
"""The quickest answer counts: half of what it took is how far wrong it can be."""
_SECONDS = 10.0


class Asked(Protocol):
    """Locust, as it takes commands and gives messages."""

    def send(self, message: dict[str, Any]) -> None:
        """One command."""
        ...

    def receive(self, timeout: float) -> dict[str, Any]:
        """The next message; TimeoutError where none comes."""
        ...


def farthest_offset(locust: Asked, processes: int, now: Callable[[], float] = time.time) -> float:
    """Seconds by which that clock is ahead which is farthest off.

    Args:
        locust: with all users connected.
        processes: how many of its processes send.
        now: this machine's clock, in epoch seconds.

    Raises:
        ExperimentError: a process does not tell.
    """
    quickest: dict[int, tuple[float, float]] = {}
    for ask in range(ASKS):
        before = now()
        locust.send({"kind": "clock", "ask": ask})
        for _ in range(processes):
            try:
                told = locust.receive(_SECONDS)
            except TimeoutError:
                raise ExperimentError(
                    "a process of the load generator does not tell the time; is its node there?"
                ) from None
            after = now()
            took, ahead = after - before, told["now"] - (before + after) / 2
            best = quickest.get(told["worker_index"])
            if best is None or took < best[0]:
                quickest[told["worker_index"]] = (took, ahead)
    return max((ahead for _, ahead in quickest.values()), key=abs)

"""The time of an experiment, behind a protocol so that its logic runs without waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> float:
        """Epoch seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def call_at(self, instant: float, action: Callable[[], None]) -> Callable[[], None]:
        """Do something at an instant, in epoch seconds, while others go on; returns what calls it off."""
        ...


def zero(clock: Clock) -> float:
    """Epoch seconds at which the monotonic clock stood at 0; other ones after the clock was stepped."""
    return clock.now() - clock.monotonic()


class SystemClock:
    """The machine's own."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def call_at(self, instant: float, action: Callable[[], None]) -> Callable[[], None]:
        """Do it in a thread of its own."""
        timer = threading.Timer(instant - time.time(), action)
        timer.daemon = True
        timer.start()
        return timer.cancel

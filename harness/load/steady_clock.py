"""A clock for one burst that steps of the machine's clock do not move."""

from __future__ import annotations

import time


class SteadyClock:
    """Epoch seconds as the machine's clock told them when this was made, counted on without asking it again.

    For a burst, not for hours: it does not follow the small corrections that a machine's clock gets.
    """

    def __init__(self) -> None:
        self._zero = time.time() - time.monotonic()

    def now(self) -> float:
        """Epoch seconds."""
        return self._zero + time.monotonic()

"""What an experiment tells whoever watches it. The terminal renders this; the experiment never prints."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Receives the progress of an experiment."""

    def cell_started(self, number: int, cells: int, label: str) -> None:
        """Cell `number` of `cells` begins."""
        ...

    def say(self, what: str) -> None:
        """What is happening now."""
        ...

    def planned(self, bursts: int, seconds: float) -> None:
        """How many bursts are still to come in this cell, and roughly how long they and later cells take."""
        ...

    def burst_done(self, text: str, bursts_left: int, seconds_left: float) -> None:
        """A burst was recorded; `text` says in one line what it cost."""
        ...

    def cell_finished(self, label: str) -> None:
        """All bursts of the cell are on disk."""
        ...

"""One reading of a code server's container, as it is written down."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol


@dataclass(frozen=True)
class Reading:
    """What a container uses at an instant; None of what the probe cannot know.

    The names are the columns of the file, and those that `observe --metrics csv=` reads.
    """

    at: float
    """Epoch seconds of the measurement."""
    instance: str
    """Which life of which container."""
    working_set_bytes: float
    rss_bytes: float | None = None
    cache_bytes: float | None = None
    cpu_seconds: float | None = None
    throttled_seconds: float | None = None
    threads: float | None = None
    processes: float | None = None
    memory_limit_bytes: float | None = None
    cpu_limit_cores: float | None = None


COLUMNS = tuple(field.name for field in fields(Reading))


class Probe(Protocol):
    """Reads one container."""

    @property
    def name(self) -> str:
        """What it reads, for people."""

    def read(self) -> Reading:
        """Read once.

        Raises:
            GoneError: what it reads has ended, for good.
            MachineError: it cannot be read for now.
        """

    def close(self) -> None:
        """Give up what is open."""


class GoneError(Exception):
    """What is read has ended for good; the text says what."""

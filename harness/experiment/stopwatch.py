"""Where the time of an experiment goes, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness.experiment.clock import Clock
from harness.results.stages import Stage, summed


class Stopwatch:
    """Adds up seconds by stage. Each instant counts once: a stage within another is no part of it."""

    def __init__(self, clock: Clock, stage: Stage) -> None:
        self._clock = clock
        self._spent: dict[str, float] = {}
        self._stages = [stage]
        self._since = clock.monotonic()
        self._whole = False

    def now(self, stage: Stage) -> None:
        """What has no stage of its own belongs to this one from now on."""
        self._count()
        self._stages[0] = stage

    @contextmanager
    def at(self, stage: Stage, whole: bool = False) -> Iterator[None]:
        """The block belongs to a stage; if `whole`, with every stage that is within it."""
        if self._whole:
            yield
            return
        self._count()
        self._stages.append(stage)
        self._whole = whole
        try:
            yield
        finally:
            self._count()
            self._stages.pop()
            self._whole = False

    def apart(self, parts: Mapping[str, float]) -> None:
        """Seconds of the present stage that turned out to be of others."""
        self._count()
        for stage, seconds in parts.items():
            self._add(stage, seconds)
            self._add(self._stages[-1], -seconds)

    def spent(self) -> dict[str, float]:
        """Seconds by stage until now."""
        self._count()
        return summed([self._spent])

    def _count(self) -> None:
        now = self._clock.monotonic()
        self._add(self._stages[-1], now - self._since)
        self._since = now

    def _add(self, stage: str, seconds: float) -> None:
        self._spent[stage] = self._spent.get(stage, 0.0) + seconds

"""What all bursts of runs have in common, and the ticks that may go beside them."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field

from harness.scenario.section import Name, Section


class TickSection(Section):
    """A sensor or schedule that is evaluated in the code server's own threads."""

    tick: Annotated[str, Field(min_length=1)] = Field(description="name of the sensor or schedule")
    kind: Literal["sensor", "schedule"] = Field("sensor", description="which of the two it is")


class TicksBeside(TickSection):
    """Ticks that are fired at the same instant as the runs of each burst."""

    count: Annotated[int, Field(ge=1, le=500, strict=True)] = Field(1, description="ticks in each burst")


class TickWorkload(TickSection):
    """Bursts of ticks instead of runs."""

    name: Name | None = Field(None, description="label in results; default: the tick's name")

    @property
    def label(self) -> str:
        """Name of this workload in results."""
        return self.name or as_name(self.tick)

    @property
    def holds(self) -> bool:
        """There is no run whose length the harness could choose."""
        return False


class OneKind(Section):
    """Bursts of runs that are all alike."""

    @property
    def kinds(self) -> tuple[Self, ...]:
        """The kinds of runs there are."""
        return (self,)

    def runs_of(self, level: int) -> tuple[Self, ...]:
        """What each of `level` runs is."""
        return (self,) * level


def as_name(text: str) -> str:
    """`text` as a label in results: what a file name may not have is replaced."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)[:80]

"""Where readings of a code server come from: what a source can do, and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from harness.observe.cgroup import COLUMNS
from harness.observe.host import HostTimes
from harness.observe.tree import PROCESS_COLUMNS

AT = "at_epoch_seconds"
_TEXT_COLUMNS = {"role", "status"}
_WHOLE_COLUMNS = {"pid", "ppid", "threads"}

Newest = tuple[dict[str, float | int | None] | None, pd.DataFrame | None]
"""A sample by column, and a walk of the processes; None of what has not come yet."""


@dataclass(frozen=True)
class Abilities:
    """What a source can tell. The experiment asks these, and never what kind of source it has."""

    kind: str
    """What it is, such as `sampler`; told of every burst."""
    hz: float
    """Samples a second."""
    processes: bool = False
    """Whether it walks the server's processes."""
    watermark: bool = False
    """Whether the highest memory between two resets is kept, so that no peak falls between two samples."""
    kills: bool = False
    """Whether it counts the processes that the kernel killed at the memory limit."""
    clock_offset_seconds: float = 0.0
    """How far its clock is ahead of the harness's."""
    node: str = ""
    """Where the code server runs, in a cluster that may move it; empty where it stays."""


@dataclass(frozen=True)
class SourceState:
    """What a source says of itself, at one instant. Counters run since its start."""

    watermark_bytes: float
    """Highest usage since the last reset, page cache included; nan where nobody keeps it."""
    missed_readings: int
    readings: int
    cpu_seconds: float
    """CPU time the source itself has used on the code server's machine."""
    at: float
    """Epoch seconds."""
    host: HostTimes | None = None
    """CPU time of the code server's machine; None where nobody tells."""


@dataclass(frozen=True)
class Readings:
    """Tables of what was read: one row per sample, and one per process and walk.

    Columns as in `harness.observe.cgroup.COLUMNS` and `harness.observe.tree.PROCESS_COLUMNS`, the latter
    after an `at_epoch_seconds`. Numbers are float64 with nan for what nobody tells, apart from pid, ppid and
    threads (int64); role and status are text.
    """

    samples: pd.DataFrame
    processes: pd.DataFrame


class Source(Protocol):
    """Reads one code server. Its methods are for one thread, apart from `latest`."""

    @property
    def abilities(self) -> Abilities:
        """What it can; known once it was started."""
        ...

    def start(self) -> None:
        """Begin reading.

        Raises:
            ExperimentError: it cannot.
        """
        ...

    def reset(self) -> SourceState:
        """Start the watermark anew, where there is one; the state just after."""
        ...

    def read(self) -> SourceState:
        """The state now; every sample up to it has arrived when this returns."""
        ...

    def walk(self) -> None:
        """Walk the processes soon, before the next walk is due; nothing where it walks none."""
        ...

    def take(self) -> Readings:
        """Everything read since the last `take`, and forget it."""
        ...

    def peek_samples(self) -> pd.DataFrame:
        """The samples since the last `take`, which are kept."""
        ...

    def latest(self) -> Newest:
        """The newest sample, and the newest walk unless it found no process; any thread may ask.

        Raises:
            ExperimentError: the source has ended, so nothing newer will ever come.
        """
        ...

    def close(self) -> None:
        """End it; may be called again."""
        ...


def samples_frame(rows: Iterable[Mapping[str, float | int | None]]) -> pd.DataFrame:
    """The table of samples from what a source tells by column; nan for all that it does not."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS), dtype="float64")


def processes_frame(rows: list[list[Any]], columns: Iterable[str] = (AT, *PROCESS_COLUMNS)) -> pd.DataFrame:
    """The table of processes; without rows, that of a source that walks none."""
    named = list(columns)
    values = list(zip(*rows, strict=True)) or [()] * len(named)
    return pd.DataFrame(
        {column: pd.Series(v, dtype=_type_of(column)) for column, v in zip(named, values, strict=True)}
    )


def _type_of(column: str) -> str:
    if column in _TEXT_COLUMNS:
        return "str"
    return "int64" if column in _WHOLE_COLUMNS else "float64"

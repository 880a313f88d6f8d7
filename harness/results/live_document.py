"""`live.json`: what an experiment is doing now, in its result folder while it runs and no longer."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import Field

from harness.atomic import write_text
from harness.errors import ResultError
from harness.results.json_file import read_versioned
from harness.results.part import Part

LIVE_SCHEMA_VERSION = 1
LIVE_FILE = "live.json"
SILENT_SECONDS = 15.0
"""An experiment that has not written for so long was killed, or its machine sleeps."""


class ReadingRecord(Part):
    """One code server at one instant."""

    at_epoch_seconds: float
    replica: str
    memory_bytes: float | None = Field(description="without page cache")
    cpu_cores: float | None = Field(description="mean since the reading before; none of the first")
    runs: int | None = Field(description="processes of runs; none before the first walk")


class LiveDocument(Part):
    """The whole of `live.json`."""

    schema_version: int = LIVE_SCHEMA_VERSION
    written_epoch_seconds: float
    cell_id: str = ""
    cell_number: int = 0
    cells: int = 0
    doing: str = ""
    bursts_done: int = Field(0, description="measured, in this cell")
    bursts_planned: int = Field(0, description="in this cell; 0 until warm-up is over")
    seconds_left: float | None = Field(None, description="of the whole experiment, roughly")
    bursts: tuple[str, ...] = Field((), description="what the last bursts cost, a line each, oldest first")
    readings: tuple[ReadingRecord, ...] = Field((), description="of the last minutes, about one a second")

    @property
    def silent(self) -> bool:
        """Whether whoever wrote it is no longer there."""
        return time.time() - self.written_epoch_seconds > SILENT_SECONDS


def read_live(folder: Path) -> LiveDocument | None:
    """What is going on in a result folder; None where nothing is, or nothing can be told."""
    try:
        return read_versioned(folder / LIVE_FILE, LiveDocument, LIVE_SCHEMA_VERSION, "dagster-sizing bench")
    except ResultError:
        return None


def going_on(folder: Path) -> LiveDocument | None:
    """The same, but None too of an experiment that has gone silent."""
    live = read_live(folder)
    return None if live is None or live.silent else live


def write_live(folder: Path, document: LiveDocument) -> None:
    """Replace `live.json`, whole or not at all; not worth waiting for the disk."""
    write_text(folder / LIVE_FILE, document.model_dump_json(), durable=False)


def remove_live(folder: Path) -> None:
    """Nothing is going on any more."""
    (folder / LIVE_FILE).unlink(missing_ok=True)

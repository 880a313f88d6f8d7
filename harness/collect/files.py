"""Readings in CSV files of bounded size, in a folder of bounded size."""

from __future__ import annotations

import csv
import sys
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from harness.collect.reading import COLUMNS, Reading

PATTERN = "readings-*.csv"
"""Names of the files; they sort by time."""
FILES = 10
"""Files that share the bound: a new one is begun when one is full, and the oldest goes."""


class Rotated:
    """Writes readings below a folder; the newest are kept."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Make the folder; nothing is written yet.

        Args:
            folder: for the files alone.
            most_bytes: of all files together.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._each = folder, max(most_bytes // FILES, 1)
        self._file: IO[str] | None = None

    def write(self, reading: Reading) -> None:
        """Add a line, which is on disk when this returns."""
        if self._file is None or self._file.tell() >= self._each:
            self._begin(reading.at)
        assert self._file is not None
        csv.writer(self._file).writerow(_cells(reading))
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _begin(self, at: float) -> None:
        self.close()
        moment = datetime.fromtimestamp(at, UTC)
        name = f"readings-{moment:%Y%m%dT%H%M%S}-{moment.microsecond:06d}.csv"
        for old in sorted(self._folder.glob(PATTERN))[: -(FILES - 1) or None]:
            old.unlink(missing_ok=True)
        self._file = (self._folder / name).open("a", encoding="utf-8", newline="")
        csv.writer(self._file).writerow(COLUMNS)


class Printed:
    """Writes readings to standard output, for what keeps logs."""

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout)
        self._writer.writerow(COLUMNS)

    def write(self, reading: Reading) -> None:
        """Add a line."""
        self._writer.writerow(_cells(reading))
        sys.stdout.flush()

    def close(self) -> None:
        """Nothing is to be closed."""


def _cells(reading: Reading) -> list[str]:
    """Milliseconds of the stamp, and whole bytes: what else there is is noise."""
    at, instance, *values = astuple(reading)
    return [f"{at:.3f}", str(instance), *("" if one is None else f"{one:.10g}" for one in values)]

"""Readings from CSV files: what `collect` writes, and what other metrics systems can write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from harness.errors import InputError
from harness.metrics.csv_tables import QUANTITIES, CsvFile, Table
from harness.metrics.limits import as_limit, limit_in
from harness.metrics.lives import Container, lives_in_place, quiet_seconds
from harness.metrics.source import (
    ALWAYS_UNKNOWN,
    LIMITS,
    UNKNOWN,
    Abilities,
    Array,
    Instance,
    Kind,
    Readings,
    Say,
    in_order,
    minute,
)
from harness.metrics.stamps import median_interval, on_grid

_GRID_SECONDS = 0.002
_SMALLEST_BYTES = float(1 << 20)
"""No Python process takes less: memory that is always less is in another unit."""


class CsvSource:
    """Reads a file, or all of a folder, with a column `at` and one for each quantity, by its name.

    `at` is in epoch seconds, or in ISO 8601 with a zone. Where there is a column `instance`, each of its
    values is a container of its own; one whose CPU counter falls was restarted.
    """

    def __init__(self, file: Path, kind: Kind = "point", window_seconds: float = 0.0) -> None:
        """Prepare; nothing is read yet.

        Args:
            file: CSV in UTF-8, its first line with the names of the columns; or a folder of such files.
            kind: what each reading is of.
            window_seconds: of a mean or a maximum, which ends at the stamp; 0 for points.

        Raises:
            InputError: the window does not fit the kind.
        """
        if (kind == "point") != (window_seconds == 0) or not 0 <= window_seconds < np.inf:
            raise InputError(f"--readings {kind}={window_seconds:g}s: point, mean=60s or max=60s is expected")
        self._file, self._kind, self._window = file, kind, window_seconds

    @property
    def name(self) -> str:
        """What it is, for people."""
        return f"csv {self._file}"

    def read(self, since: float, until: float, say: Say) -> tuple[tuple[Instance, ...], Abilities]:
        """Every life with readings in a time, by its start; see `MetricsSource`."""
        table = self._whole(since, until, say)
        containers = {
            name: _container(name or self._file.stem, table.where(table.instances == name))
            for name in sorted(set(table.instances.tolist()))
        }
        memories = [
            container.readings["working_set_bytes"]
            for container, _ in containers.values()
            if "working_set_bytes" in container.readings
        ]
        interval = median_interval(memories)
        quiet = quiet_seconds(interval)
        alive_after = float(table.at.max()) - quiet
        found = [
            Instance(
                life.name,
                life.began,
                life.ended,
                life.readings,
                limit_in(limits.get("memory_limit_bytes"), life.began, life.until),
                limit_in(limits.get("cpu_limit_cores"), life.began, life.until),
            )
            for container, limits in containers.values()
            for life in lives_in_place([container], alive_after)
        ]
        scraped = all(on_grid(one.at, _GRID_SECONDS) for one in memories if len(one.at) > 2)
        abilities = Abilities(
            self._kind,
            self._window,
            # Whose stamps these are, the file does not tell: on an exact grid no cAdvisor measures.
            "scraped" if scraped else "measured",
            interval,
            _unknown(table),
        )
        return in_order(found), abilities

    def _whole(self, since: float, until: float, say: Say) -> Table:
        """All rows in a time, by instance and stamp, each once."""
        parts, rows, first, last = [], 0, np.inf, -np.inf
        for table in self._tables(say):
            rows += len(table.at)
            first, last = min(first, table.at.min()), max(last, table.at.max())
            parts.append(table.where((table.at >= since) & (table.at <= until)))
            say(f"{self._file}: {rows:,} rows")
        if not rows:
            raise InputError(f"{self._file}: holds no readings; a line is expected for each")
        whole = _joined(parts)
        if not len(whole.at):
            raise InputError(
                f"{self._file}: no reading between {minute(since)} and {minute(until)}; its readings are "
                f"from {minute(first)} to {minute(last)}: --days says how far back to read"
            )
        whole = self._once(whole.where(np.lexsort((whole.at, whole.instances))))
        memory = whole.columns["working_set_bytes"]
        if not np.isfinite(memory).any():
            raise InputError(f"{self._file}: working_set_bytes: is empty in every line; it is needed")
        if np.nanmax(memory) < _SMALLEST_BYTES:
            raise InputError(
                f"{self._file}: working_set_bytes: {np.nanmax(memory):g} is the most of it, which no Python "
                "process gets by with; write it in bytes"
            )
        return whole

    def _tables(self, say: Say) -> Iterator[Table]:
        """Of all files.

        Raises:
            InputError: a file is not there, or no table, or the folder has none.
        """
        files = sorted(self._file.glob("*.csv")) if self._file.is_dir() else [self._file]
        if not files:
            raise InputError(f"--metrics csv={self._file}: no file in that folder ends in .csv")
        for file in files:
            yield from CsvFile(file).tables(say)

    def _once(self, table: Table) -> Table:
        """Without rows that repeat another.

        Raises:
            InputError: two rows of one instance and instant differ.
        """
        again = (table.at[1:] == table.at[:-1]) & (table.instances[1:] == table.instances[:-1])
        for name, values in table.columns.items():
            before, after = values[:-1], values[1:]
            differ = again & ~((before == after) | (np.isnan(before) & np.isnan(after)))
            if differ.any():
                at = int(np.argmax(differ))
                raise InputError(
                    f"{self._file}: {name}: lines {table.lines[at]} and {table.lines[at + 1]} are of the "
                    "same instant, and differ; give each container its own value in a column instance"
                )
        return table.where(np.concatenate([[True], ~again]))


def _joined(parts: list[Table]) -> Table:
    """One table; a column that a file lacks is empty there."""
    names = dict.fromkeys(name for one in parts for name in one.columns)

    def column(one: Table, name: str) -> Array:
        return one.columns.get(name, np.full(len(one.at), np.nan))

    return Table(
        np.concatenate([one.instances for one in parts]),
        np.concatenate([one.at for one in parts]),
        np.concatenate([one.lines for one in parts]),
        {name: np.concatenate([column(one, name) for one in parts]) for name in names},
    )


def _container(name: str, table: Table) -> tuple[Container, dict[str, Readings]]:
    """A container, and its limits by their names."""
    told: dict[str, Readings] = {}
    for column, values in table.columns.items():
        there = np.isfinite(values)
        if there.any():
            told[column] = Readings(table.at[there], values[there])
    readings = {one: told[one] for one in QUANTITIES if one in told}
    return Container(name, readings), {one: as_limit(told[one]) for one in LIMITS if one in told}


def _unknown(table: Table) -> tuple[str, ...]:
    told = {name for name, values in table.columns.items() if np.isfinite(values).any()}
    return (
        *ALWAYS_UNKNOWN,
        "when every container started",
        "why every container ended",
        *(what for name, what in UNKNOWN.items() if name not in told),
    )

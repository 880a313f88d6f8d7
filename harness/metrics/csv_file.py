"""Readings from a CSV file, for metrics systems that can write one."""

from __future__ import annotations

import csv
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from harness.errors import InputError
from harness.metrics.csv_columns import first_line_of, stamps_of, values_of
from harness.metrics.limits import as_limit, limit_in
from harness.metrics.lives import LINGER_SECONDS, Container, lives_in_place
from harness.metrics.source import (
    ALWAYS_UNKNOWN,
    LIMITS,
    UNKNOWN,
    Abilities,
    Array,
    Instance,
    Kind,
    Quantity,
    Readings,
    Say,
    in_order,
)
from harness.metrics.stamps import median_interval, on_grid

if TYPE_CHECKING:
    import pandas as pd

AT, INSTANCE = "at", "instance"
NEEDED = (AT, "working_set_bytes")
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
COLUMNS = (AT, INSTANCE, *QUANTITIES, *LIMITS)

_ROWS_AT_ONCE = 500_000
_INTERVALS_UNTIL_GONE = 3.0
_GRID_SECONDS = 0.002
_MISSING = ["", "NULL", "null", "None", "NaN", "nan", "NA", "N/A"]
"""What an export may write where there is no value; an instance may be called so."""
_SMALLEST_BYTES = float(1 << 20)
"""No Python process takes less: memory that is always less is in another unit."""


@dataclass(frozen=True)
class _Table:
    """Rows of a file, or of a part of it."""

    instances: np.ndarray
    """Shape (rows,), of str."""
    at: Array
    lines: np.ndarray
    columns: Mapping[str, Array]
    """Quantities and limits; nan where there is none."""

    def where(self, kept: np.ndarray) -> _Table:
        """Some rows, or all in another order."""
        columns = {name: values[kept] for name, values in self.columns.items()}
        return _Table(self.instances[kept], self.at[kept], self.lines[kept], columns)


class CsvSource:
    """Reads a file with a column `at` and one for each quantity, by its name.

    `at` is in epoch seconds, or in ISO 8601 with a zone. Where there is a column `instance`, each of its
    values is a container of its own; one whose CPU counter falls was restarted.
    """

    def __init__(self, file: Path, kind: Kind = "point", window_seconds: float = 0.0) -> None:
        """Prepare; nothing is read yet.

        Args:
            file: CSV in UTF-8, its first line with the names of the columns.
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
        quiet = float(np.nanmax([LINGER_SECONDS, interval * _INTERVALS_UNTIL_GONE]))
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

    def _whole(self, since: float, until: float, say: Say) -> _Table:
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
                f"{self._file}: no reading between {_minute(since)} and {_minute(until)}; its readings are "
                f"from {_minute(first)} to {_minute(last)}: --days says how far back to read"
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

    def _once(self, table: _Table) -> _Table:
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

    def _tables(self, say: Say) -> Iterator[_Table]:
        """The file, so many rows at once.

        Raises:
            InputError: it is not there, or no table, or a value is not what it should be.
        """
        import pandas as pd

        try:
            names = self._names()
            if unused := [name for name in names if name not in COLUMNS]:
                say(f"{self._file}: not used: {', '.join(unused)}")
            for frame in self._frames(names):
                if (table := self._checked(frame)) is not None:
                    yield table
        except UnicodeError:
            raise InputError(f"{self._file}: not UTF-8 text; save it as CSV in UTF-8") from None
        except pd.errors.ParserWarning:
            raise InputError(f"{self._file}: a line has more values than the first line has names") from None
        except FileNotFoundError:
            raise InputError(f"--metrics csv={self._file}: no such file") from None
        except (OSError, ValueError, csv.Error) as error:
            why = " ".join(str(error).split())[:200]
            raise InputError(f"{self._file}: not a CSV table ({why})") from None

    def _frames(self, names: list[str]) -> Iterator[pd.DataFrame]:
        import pandas as pd

        # All are read: of a line with more values than names, the others would not tell.
        numbers = [name for name in names if name in COLUMNS and name != INSTANCE]
        with (
            warnings.catch_warnings(),
            # Opened here, as pandas leaves it open after an error.
            self._file.open(encoding="utf-8-sig", newline="") as stream,
            pd.read_csv(
                stream,
                names=names,
                header=0,
                dtype={name: "str" for name in names if name not in numbers},
                keep_default_na=False,
                na_values=dict.fromkeys(numbers, _MISSING),
                skipinitialspace=True,
                skip_blank_lines=False,  # so that lines can be told
                index_col=False,
                low_memory=False,
                chunksize=_ROWS_AT_ONCE,
            ) as reader,
        ):
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield from reader

    def _names(self) -> list[str]:
        """The names in the first line.

        Raises:
            InputError: there is none, or one is missing or there twice.
        """
        with self._file.open(encoding="utf-8-sig", newline="") as stream:
            names = [name.strip().lower() for name in next(csv.reader(stream), [])]
        if not any(names):
            raise InputError(f"{self._file}: is empty; a first line is expected that names the columns")
        for name in NEEDED:
            if name not in names:
                raise InputError(
                    f"{self._file}: column {name} is missing; it has {', '.join(names)[:300]}; known are "
                    f"{', '.join(COLUMNS)}, with a comma between them"
                )
        for name in COLUMNS:
            if names.count(name) > 1:
                raise InputError(f"{self._file}: column {name} is there {names.count(name)} times; keep one")
        return [name if names.index(name) == at else f"{name} ({at + 1})" for at, name in enumerate(names)]

    def _checked(self, frame: pd.DataFrame) -> _Table | None:
        """The rows that hold anything; None where none does."""
        instances = frame[INSTANCE].fillna("") if INSTANCE in frame else None
        held = frame[[name for name in frame if name in COLUMNS and name != INSTANCE]].notna().any(axis=1)
        frame = frame[held if instances is None else held | (instances != "")]
        if frame.empty:
            return None
        columns = {
            name: values_of(str(self._file), frame[name]) for name in (*QUANTITIES, *LIMITS) if name in frame
        }
        at = stamps_of(str(self._file), frame[AT])
        names = np.full(len(frame), "") if instances is None else instances[frame.index].to_numpy("str")
        lines = np.asarray(frame.index) + first_line_of(frame.index, np.ones(1, bool)) - frame.index[0]
        return _Table(names, at, lines, columns)


def _joined(parts: list[_Table]) -> _Table:
    return _Table(
        np.concatenate([one.instances for one in parts]),
        np.concatenate([one.at for one in parts]),
        np.concatenate([one.lines for one in parts]),
        {name: np.concatenate([one.columns[name] for one in parts]) for name in parts[0].columns},
    )


def _container(name: str, table: _Table) -> tuple[Container, dict[str, Readings]]:
    """A container, and its limits by their names."""
    told: dict[str, Readings] = {}
    for column, values in table.columns.items():
        there = np.isfinite(values)
        if there.any():
            told[column] = Readings(table.at[there], values[there])
    readings = {one: told[one] for one in QUANTITIES if one in told}
    return Container(name, readings), {one: as_limit(told[one]) for one in LIMITS if one in told}


def _unknown(table: _Table) -> tuple[str, ...]:
    told = {name for name, values in table.columns.items() if np.isfinite(values).any()}
    return (
        *ALWAYS_UNKNOWN,
        "when every container started",
        "why every container ended",
        *(what for name, what in UNKNOWN.items() if name not in told),
    )


def _minute(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))

"""One CSV file of readings as tables, so many rows at once, each value checked."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from harness.errors import InputError
from harness.metrics.csv_columns import first_line_of, stamps_of, values_of
from harness.metrics.source import LIMITS, Array, Quantity, Say

if TYPE_CHECKING:
    import pandas as pd

AT, INSTANCE = "at", "instance"
NEEDED = (AT, "working_set_bytes")
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
COLUMNS = (AT, INSTANCE, *QUANTITIES, *LIMITS)

_ROWS_AT_ONCE = 500_000
_MISSING = ["", "NULL", "null", "None", "NaN", "nan", "NA", "N/A"]
"""What an export may write where there is no value; an instance may be called so."""


@dataclass(frozen=True)
class Table:
    """Rows of a file, or of a part of it."""

    instances: np.ndarray
    """Shape (rows,), of str."""
    at: Array
    lines: np.ndarray
    columns: Mapping[str, Array]
    """Quantities and limits; nan where there is none."""

    def where(self, kept: np.ndarray) -> Table:
        """Some rows, or all in another order."""
        columns = {name: values[kept] for name, values in self.columns.items()}
        return Table(self.instances[kept], self.at[kept], self.lines[kept], columns)


class CsvFile:
    """Reads a file whose first line names its columns."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def tables(self, say: Say) -> Iterator[Table]:
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

    def _checked(self, frame: pd.DataFrame) -> Table | None:
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
        return Table(names, at, lines, columns)

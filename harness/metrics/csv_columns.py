"""What the columns of a CSV file of readings hold, checked; what is wrong is told with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.errors import InputError
from harness.metrics.source import Array

if TYPE_CHECKING:
    import pandas as pd

_ZONED = r"[T ].*(?:[zZ]|[+-]\d{2}(?::?\d{2})?)\s*$"
_EXAMPLE = "1769860800 or 2026-01-31T12:00:00Z"
_FIRST_SECOND, _LAST_SECOND = 1e8, 1e11
"""1973 and 5138; in milliseconds, the latter is 1973."""
_MOST = 1e18
_HEAD = 2
"""The line of the first row: names stand above it, and lines count from one."""


def stamps_of(source: str, column: pd.Series) -> Array:
    """Epoch seconds of a column of them, or of times in ISO 8601 with a zone.

    Args:
        source: the file, for errors.
        column: as it was read; its index counts rows of the whole file.

    Raises:
        InputError: a value is neither, or missing, or in another unit.
    """
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().any() or not column.notna().any():
        _refuse(source, column, numbers.isna(), f"is neither epoch seconds nor ISO 8601; write {_EXAMPLE}")
        seconds: Array = numbers.to_numpy(np.float64)
        fine = "looks like milliseconds or finer; epoch seconds are expected: divide the column by 1000"
        _refuse(source, column, pd.Series(np.abs(seconds) > _LAST_SECOND), fine)
        _refuse(
            source,
            column,
            pd.Series(~(seconds >= _FIRST_SECOND)),
            f"is no time of day: seconds since 1970 are expected; write {_EXAMPLE}",
        )
        return seconds
    texts = column.astype("str")
    instants = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce")
    _refuse(source, column, instants.isna(), f"is neither epoch seconds nor ISO 8601; write {_EXAMPLE}")
    unzoned = ~texts.str.contains(_ZONED, regex=True)
    _refuse(source, column, unzoned, f"has no time zone; write it with one, as {_EXAMPLE}")
    since = (instants - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return np.asarray(since, np.float64)


def values_of(source: str, column: pd.Series) -> Array:
    """A column of numbers of at least zero; nan where there is none.

    Raises:
        InputError: a value is no such number.
    """
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    _refuse(
        source,
        column,
        column.notna() & numbers.isna(),
        "is not a number; write it without a unit and without marks between thousands, or leave it out",
    )
    values: Array = numbers.to_numpy(np.float64)
    with np.errstate(invalid="ignore"):
        _refuse(source, column, pd.Series(values < 0), "is less than 0; leave it out where nothing was read")
        _refuse(source, column, pd.Series(values > _MOST), "is more than any machine has; is the unit right?")
    return values


def first_line_of(rows: pd.Index, wrong: NDArray[np.bool_]) -> int:
    """The line in the file of the first row that is wrong."""
    return int(rows[int(np.argmax(wrong))]) + _HEAD


def _refuse(source: str, column: pd.Series, wrong: pd.Series, what: str) -> None:
    amiss = wrong.to_numpy(bool)
    if amiss.any():
        value = column.iloc[int(np.argmax(amiss))]
        shown = "nothing" if value != value else repr(str(value)[:40])
        raise InputError(
            f"{source}: {column.name}: {shown} in line {first_line_of(column.index, amiss)} {what}"
        )

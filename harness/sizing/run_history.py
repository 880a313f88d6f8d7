"""A run history as tables: which runs began and ended when, in which code location."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from harness.errors import InputError

NEEDED = ("start", "end")
"""Columns of an export: epoch seconds or ISO 8601, with a time zone or in UTC."""
TEXTS = ("location", "job", "status")
"""Columns that may stand beside them."""

_MISSING = ["", "NULL", "null", "None", "NaN", "nan", "NaT", "NA", "N/A"]
"""What an export may write where a run has no start or end; a location may be called so."""
_LARGEST_SECONDS = 1e11
"""The year 5138 in seconds, but 1973 in milliseconds: what is larger is not in seconds."""
_ZONED = r"[T ].*(?:[zZ]|[+-]\d{2}(?::?\d{2})?)\s*$"
_EXAMPLE = "2026-01-31T12:00:00Z"


@dataclass(frozen=True)
class _Instants:
    """A column that was read."""

    epoch_seconds: pd.Series
    zoned: bool | None
    """Whether its times had a time zone; None for numbers, which need none."""


def read_history(file: Path) -> pd.DataFrame:
    """Runs of a CSV or Parquet export: `start`, `end` (epoch seconds), `location`; `job`, `status` if told.

    Runs without start or end are left out, as are those that do not end after they start.

    Raises:
        InputError: not there, not a table, a column missing or not what it should be, no whole run in it.
    """
    return whole_runs(read_table(file), str(file))


def read_table(file: Path) -> pd.DataFrame:
    """The table in a CSV or Parquet file as it is.

    Raises:
        InputError: not there, or not a table.
    """
    try:
        return pd.read_parquet(file) if file.suffix == ".parquet" else _read_csv(file)
    except pd.errors.EmptyDataError:
        raise InputError(f"{file}: is empty; a first line is expected that names the columns") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: not UTF-8 text; save it as CSV in UTF-8, or as .parquet") from None
    except pd.errors.ParserWarning:
        raise InputError(
            f"{file}: a line has more values than the first line has names; put what holds a comma in quotes"
        ) from None
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(f"{file}: not a CSV or Parquet table ({why})") from None


def whole_runs(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Runs that have a start and an end after it, the columns as `read_history` says.

    Failed and cancelled runs count, as they held memory too.

    Args:
        table: columns start and end (epoch seconds or ISO 8601), perhaps location, job and status.
        source: what the table is, for errors.

    Raises:
        InputError: a column is missing or not what it should be, or no whole run is in it.
    """
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise InputError(
            f"{source}: column {missing[0]} is missing; expected are start and end (epoch seconds or ISO "
            f"8601), and location where there are several; it has {', '.join(map(str, table.columns))}"
        )
    instants = {name: _instants(source, name, table[name]) for name in NEEDED}
    if {one.zoned for one in instants.values()} >= {True, False}:
        without = next(name for name, one in instants.items() if one.zoned is False)
        raise InputError(
            f"{source}: {without}: has no time zone, and the other column has one; write both with one, as "
            f"in {_EXAMPLE}"
        )
    runs = pd.DataFrame({name: one.epoch_seconds for name, one in instants.items()}).assign(location="")
    for name in TEXTS:
        if name in table:
            runs[name] = table[name].astype("str").where(table[name].notna(), "")
    # An instant of 0 is how some exports write that there was none.
    began = np.isfinite(runs["start"]) & (runs["start"] > 0)
    kept: pd.DataFrame = runs[began & np.isfinite(runs["end"]) & (runs["end"] > runs["start"])]
    if kept.empty:
        raise InputError(f"{source}: none of {len(runs)} runs has a start and an end after it")
    return kept


def _read_csv(file: Path) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            file,
            encoding="utf-8-sig",  # as spreadsheets write it, with a mark before the first name
            dtype=dict.fromkeys(TEXTS, "str"),
            keep_default_na=False,
            na_values=dict.fromkeys(NEEDED, _MISSING),
            skipinitialspace=True,
            # Else a comma at the end of every line would shift the columns by one.
            index_col=False,
            low_memory=False,
        )


def _instants(source: str, name: str, column: pd.Series) -> _Instants:
    given = column.notna()
    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column):
        return _Instants(_since_epoch(column), isinstance(column.dtype, pd.DatetimeTZDtype))
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().any() or not given.any():
        _expect_all_read(source, name, column, given & numbers.isna())
        return _Instants(_seconds(source, name, numbers.astype("float64")), None)
    texts = column[given].astype("str")
    instants = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce").reindex(column.index)
    _expect_all_read(source, name, column, given & instants.isna())
    zoned = texts.str.contains(_ZONED, regex=True)
    if zoned.any() and not zoned.all():
        raise InputError(
            f"{source}: {name}: some times have a time zone and some have none, such as "
            f"{texts[~zoned].iloc[0][:40]!r}; write all with one, as in {_EXAMPLE}"
        )
    return _Instants(_since_epoch(instants), bool(zoned.all()))


def _seconds(source: str, name: str, numbers: pd.Series) -> pd.Series:
    large = numbers[np.isfinite(numbers) & (numbers.abs() > _LARGEST_SECONDS)]
    if len(large):
        raise InputError(
            f"{source}: {name}: {large.iloc[0]:.0f} looks like milliseconds or finer; epoch seconds are "
            "expected: divide the column by 1000"
        )
    return numbers


def _expect_all_read(source: str, name: str, column: pd.Series, unread: pd.Series) -> None:
    if unread.any():
        row = int(np.argmax(unread.to_numpy(bool)))
        raise InputError(
            f"{source}: {name}: {str(column.iloc[row])[:40]!r} of run {row + 1} is neither epoch seconds nor "
            f"ISO 8601; write 1769860800 or {_EXAMPLE}, and nothing where there was none"
        )


def _since_epoch(instants: pd.Series) -> pd.Series:
    return (pd.to_datetime(instants, utc=True) - pd.Timestamp(0, tz="UTC")).dt.total_seconds()

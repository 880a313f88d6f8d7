"""A run history as tables: which runs began and ended when, in which code location."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from harness.errors import InputError
from harness.sizing.history_file import NEEDED, TEXTS, read_table

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


@dataclass(frozen=True)
class History:
    """Whole runs, and what else a table holds."""

    runs: pd.DataFrame
    """Columns `start`, `end` (epoch seconds), `location`; `job`, `status` and `run_id` if told."""
    left_out: Mapping[str, int]
    """How many of the other rows there are, by what is amiss with them."""
    alike: int
    """Rows among the runs that are like another in every column; they count."""


def read_history(file: Path) -> History:
    """Runs of a CSV or Parquet export.

    Raises:
        InputError: not there, not a table, a column missing or not what it should be, no whole run in it.
    """
    return whole_runs(read_table(file), str(file))


def whole_runs(table: pd.DataFrame, source: str) -> History:
    """Runs that have a start and an end after it.

    Failed and cancelled runs count, as they held memory too. A run id that comes again is left out. Rows that
    are alike in all columns count where there is no run id, as runs that a schedule launches together may
    look alike: a size must not be too small.

    Args:
        table: columns start and end (epoch seconds or ISO 8601), perhaps location, job, status and run_id.
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
    amiss = _amiss(runs)
    kept: pd.DataFrame = runs[amiss == ""]
    left_out = {str(what): int(count) for what, count in amiss[amiss != ""].value_counts().items()}
    if kept.empty:
        told = ", ".join(f"{count} {what}" for what, count in left_out.items()) or "it holds no row"
        swapped = "; are the columns swapped?" if left_out.get(_BACKWARDS, 0) == len(runs) > 0 else ""
        raise InputError(
            f"{source}: none of {len(runs)} runs has a start and an end after it: {told}{swapped}"
        )
    alike = 0 if "run_id" in kept else int(table.loc[kept.index].duplicated().sum())
    return History(kept, left_out, alike)


_BACKWARDS = "ended before they started"


def _amiss(runs: pd.DataFrame) -> pd.Series:
    """What is amiss with each row; empty where nothing is."""
    # An instant of 0 is how some exports write that there was none.
    began = np.isfinite(runs["start"]) & (runs["start"] > 0)
    ended = np.isfinite(runs["end"]) & (runs["end"] > 0)
    whole = began & ended & (runs["end"] > runs["start"])
    again = whole & False
    if "run_id" in runs:
        known = runs["run_id"].where(whole & (runs["run_id"] != ""))
        again = known.notna() & known.duplicated()
    kinds = (
        ("never started", ~began),
        ("in progress", began & ~ended),
        (_BACKWARDS, began & ended & (runs["end"] < runs["start"])),
        ("ended as they started", began & ended & (runs["end"] == runs["start"])),
        ("listed before, by their run id", whole & again),
    )
    told = np.select([chosen.to_numpy(bool) for _, chosen in kinds], [what for what, _ in kinds], "")
    return pd.Series(told, index=runs.index)


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

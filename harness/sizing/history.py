"""A run history as tables: which runs began and ended when, in which code location."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from harness.errors import InputError

NEEDED = ("start", "end")
"""Columns of an export: epoch seconds or ISO 8601. `location` may stand beside them."""


def read_history(file: Path) -> pd.DataFrame:
    """Runs of a CSV or Parquet export, with columns `start`, `end` (epoch seconds) and `location`.

    Runs without start or end are left out, as are those that end before they start.

    Raises:
        InputError: not there, not a table, a column missing, or no whole run in it.
    """
    try:
        table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(f"{file}: not a CSV or Parquet table ({why})") from None
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise InputError(
            f"{file}: column {missing[0]} is missing; expected are start and end (epoch seconds or ISO "
            f"8601), and location where there are several; it has {', '.join(map(str, table.columns))}"
        )
    runs = pd.DataFrame({name: _epoch_seconds(file, name, table[name]) for name in NEEDED})
    runs["location"] = table["location"].astype("str") if "location" in table else ""
    kept: pd.DataFrame = runs[np.isfinite(runs["start"]) & (runs["end"] > runs["start"])]
    if kept.empty:
        raise InputError(f"{file}: none of {len(runs)} runs has a start and an end after it")
    return kept


def _epoch_seconds(file: Path, name: str, column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    try:
        instants = pd.to_datetime(column, utc=True, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{file}: {name}: epoch seconds or ISO 8601 is expected ({' '.join(str(error).split())[:120]})"
        ) from None
    return (instants - pd.Timestamp(0, tz="UTC")).dt.total_seconds()

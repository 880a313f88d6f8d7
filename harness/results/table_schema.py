"""Raw tables held to the registry of columns: as they are written, and as older ones are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.results.columns import COLUMNS

if TYPE_CHECKING:
    import pandas as pd


def typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table as it is written: its columns in their order, each of its type, also when it is empty.

    Raises:
        ValueError: the registry has other columns than the table.
    """
    columns = {column.name: column.dtype for column in COLUMNS[name]}
    if apart := columns.keys() ^ set(frame.columns):
        raise ValueError(f"table {name}: the registry and the data differ in {', '.join(sorted(apart))}")
    dtypes = frame.dtypes
    return frame[list(columns)].astype({name: one for name, one in columns.items() if dtypes[name] != one})


def filled(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table with every column of the registry: empty where an older harness did not write it.

    The one place where old results get what they lack. A table without rows stays as it is.
    """
    if frame.empty:
        return frame
    lacking = {one.name: one.missing for one in COLUMNS[name] if one.name not in frame}
    return frame.assign(**lacking) if lacking else frame


def nodes_of(bursts: pd.DataFrame) -> list[str]:
    """The node of each burst, in their order; empty text where it was not measured in a cluster."""
    return [] if bursts.empty else filled("bursts", bursts)["node"].fillna("").tolist()

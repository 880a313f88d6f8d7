"""The file of a run history as a table: its encoding, what parts its columns, and what they are called."""

from __future__ import annotations

import codecs
import re
import warnings
from pathlib import Path

import pandas as pd

from harness.errors import InputError

NEEDED = ("start", "end")
"""Columns of an export: epoch seconds or ISO 8601, with a time zone or in UTC."""
TEXTS = ("location", "job", "status", "run_id")
"""Columns that may stand beside them."""
_CALLED = {
    "start": ("start", "starttime", "startedat", "startedtime"),
    "end": ("end", "endtime", "endedat", "endedtime"),
    "location": ("location", "codelocation", "locationname", "repositorylocationname"),
    "job": ("job", "jobname", "pipelinename"),
    "status": ("status",),
    "run_id": ("runid",),
}
"""Other names of columns, without case and underscores: of Dagster's table of runs, and of its GraphQL."""
_MISSING = ["", "NULL", "null", "None", "NaN", "nan", "NaT", "NA", "N/A"]
"""What an export may write where a run has no start or end; a location may be called so."""


def read_table(file: Path) -> pd.DataFrame:
    """The table in a CSV or Parquet file, its columns called as `NEEDED` and `TEXTS`.

    Raises:
        InputError: not there, or not a table.
    """
    try:
        return with_own_names(
            pd.read_parquet(file) if file.suffix == ".parquet" else _read_csv(file), str(file)
        )
    except pd.errors.EmptyDataError:
        raise InputError(f"{file}: is empty; a first line is expected that names the columns") from None
    except UnicodeError:
        raise InputError(f"{file}: not UTF-8 text; save it as CSV in UTF-8, or as .parquet") from None
    except pd.errors.ParserWarning:
        raise InputError(
            f"{file}: a line has more values than the first line has names; put what holds a comma in quotes"
        ) from None
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(f"{file}: not a CSV or Parquet table ({why})") from None


def with_own_names(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """The table with columns under our names, whatever Dagster or a spreadsheet calls them.

    Raises:
        InputError: two columns are one of ours.
    """
    found: dict[str, str] = {}
    for name in map(str, table.columns):
        ours = _ours(name)
        if ours is None:
            continue
        if ours in found:
            raise InputError(f"{source}: columns {found[ours]} and {name} are both the {ours}; leave one out")
        found[ours] = name
    return table.rename(columns={given: ours for ours, given in found.items()})


def _ours(name: str) -> str | None:
    plain = re.sub(r"[ _-]", "", name.strip()).lower()
    return next((ours for ours, known in _CALLED.items() if plain in known), None)


def _read_csv(file: Path) -> pd.DataFrame:
    encoding, separator = _written(file)
    names = pd.read_csv(file, encoding=encoding, sep=separator, nrows=0, index_col=False).columns
    ours = {name: _ours(str(name)) for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            file,
            encoding=encoding,
            sep=separator,
            dtype={name: "str" for name, known in ours.items() if known in TEXTS},
            keep_default_na=False,
            na_values={name: _MISSING for name, known in ours.items() if known in NEEDED},
            skipinitialspace=True,
            # Else a comma at the end of every line would shift the columns by one.
            index_col=False,
            low_memory=False,
        )


def _written(file: Path) -> tuple[str, str]:
    """The encoding, and what parts the columns: by the first line."""
    with file.open("rb") as stream:
        start = stream.read(65_536)
    utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = (
        "utf-16" if utf16 else "utf-8-sig"
    )  # as spreadsheets write it, with a mark before the first name
    lines = start.decode(encoding, errors="ignore").splitlines()
    first = lines[0] if lines else ""
    return encoding, next((one for one in (",", ";", "\t") if one in first), ",")

"""The result folder: what is written where, so that a crash loses the burst that is fired and nothing before.

    result.json              the document, replaced atomically at every step
    parts/CELL/ATTEMPT/      one parquet file per burst and table while the experiment runs
    TABLE.parquet            all parts of finished attempts together, written once at the end
    logs/                    output of every process of the stack
    .lock                    held while an experiment writes here

Raw tables are written once. A cell that was cut short is measured again as a new attempt.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from filelock import FileLock, Timeout

from harness.atomic import replacing, write_text
from harness.errors import ResultError
from harness.results.columns import COLUMNS, OBSERVED
from harness.results.json_file import read_versioned
from harness.results.result_document import SCHEMA_VERSION, CellRecord, ResultDocument
from harness.results.table_schema import typed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

T = TypeVar("T")
Columns = Mapping[str, "NDArray[Any]"]
"""Columns of a table by name, arrays of equal length."""
TABLES = tuple(COLUMNS)
OF_BURSTS = tuple(name for name in TABLES if name not in OBSERVED)
"""Those that every burst has rows of; `bursts` is the last."""
_FORMER = {"bursts": {"ticks": "readings", "missed_ticks": "missed_readings"}}
"""What columns were called in schema version 1, where a tick was a reading of the sampler."""


class ResultFolder:
    """One folder of results on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / ".lock")

    @property
    def logs(self) -> Path:
        """Where the stack's logs go."""
        return self.path / "logs"

    def lock(self) -> None:
        """Claim the folder for writing.

        Raises:
            ResultError: another experiment is writing here.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ResultError(
                f"{self.path}: another experiment is writing here; wait for it or choose another --out"
            ) from None

    def unlock(self) -> None:
        """Give the folder up."""
        self._lock.release()

    @property
    def exists(self) -> bool:
        """Whether a result was ever begun here."""
        return (self.path / "result.json").exists()

    def read_document(self) -> ResultDocument:
        """Read `result.json`.

        Raises:
            ResultError: not there, not readable, or written by a newer harness.
        """
        file = self.path / "result.json"
        return read_versioned(file, ResultDocument, SCHEMA_VERSION, "dagster-sizing bench")

    def write_document(self, document: ResultDocument) -> None:
        """Replace `result.json`, whole or not at all."""
        self.write_text("result.json", document.model_dump_json(indent=2) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the folder, whole or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(self.path / name, text)

    def write_burst(self, cell: CellRecord, order: int, tables: Mapping[str, pd.DataFrame]) -> None:
        """Add the tables of one burst; the `bursts` row goes last, so a burst counts only when whole."""
        folder = self._attempt(cell)
        folder.mkdir(parents=True, exist_ok=True)
        for table in OF_BURSTS:
            _write_parquet(typed(table, tables[table]), folder / f"{order:04d}-{table}.parquet")

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write a whole raw table that does not come burst by burst."""
        self.path.mkdir(parents=True, exist_ok=True)
        _write_parquet(typed(name, table), self.path / f"{name}.parquet")

    def bursts_of(self, cell: CellRecord) -> int:
        """Number of whole bursts on disk for the cell's present attempt."""
        return len(list(self._attempt(cell).glob("*-bursts.parquet")))

    def table(self, name: str) -> pd.DataFrame:
        """One raw table, of all cells; from the parts while the experiment is not finished.

        Raises:
            ResultError: there is no data yet, or a file is damaged.
        """
        import pandas as pd  # takes a second, and not every reader of a document needs it

        files = self._files(name)
        if not files:
            return pd.DataFrame()
        frames = [_readable(file, pd.read_parquet) for file in files]
        filled = [frame for frame in frames if not frame.empty]
        table = pd.concat(filled, ignore_index=True) if filled else frames[0]
        return table if "readings" in table else table.rename(columns=_FORMER.get(name, {}))

    def columns(self, name: str, wanted: Sequence[str]) -> Columns:
        """Some columns of one raw table, of all cells: those of `wanted` that it has, without pandas.

        Raises:
            ResultError: a file is damaged.
        """
        import pyarrow.parquet as pq

        def read(file: Path) -> Any:
            stored = pq.ParquetFile(file)  # `read_table` would import pandas
            return stored.read(columns=[column for column in wanted if column in stored.schema_arrow.names])

        tables = [_readable(file, read) for file in self._files(name)]
        filled = [table for table in tables if table.num_rows]
        known = [column for column in wanted if filled and all(column in one.column_names for one in filled)]
        return {column: _array([one.column(column) for one in filled]) for column in known}

    def merge(self) -> None:
        """Put the parts together into one file per table, then drop the parts."""
        if not (self.path / "parts").exists():
            return
        for name in TABLES:
            frame = self.table(name)
            if not frame.empty:
                _write_parquet(frame, self.path / f"{name}.parquet")
        shutil.rmtree(self.path / "parts")

    def _attempt(self, cell: CellRecord) -> Path:
        return self.path / "parts" / cell.cell_id / f"{cell.attempt:02d}"

    def _files(self, name: str) -> list[Path]:
        whole = self.path / f"{name}.parquet"
        return [whole] if whole.exists() else self._part_files(name)

    def _part_files(self, name: str) -> list[Path]:
        files: list[Path] = []
        for cell in self.read_document().cells:
            complete = {f.name[:4] for f in self._attempt(cell).glob("*-bursts.parquet")}
            found = sorted(self._attempt(cell).glob(f"*-{name}.parquet"))
            files += [f for f in found if f.name[:4] in complete]
        return files


def _readable(file: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(file)
    except (OSError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise ResultError(f"{file}: damaged parquet file ({line}); measure again") from None


def _array(columns: Sequence[Any]) -> NDArray[Any]:
    """Arrow columns one after another, numbers as float64 with nan where there is none, words as objects."""
    import numpy as np
    import pyarrow as pa

    whole = pa.concat_arrays([chunk for column in columns for chunk in column.chunks])
    if not (pa.types.is_string(whole.type) or pa.types.is_large_string(whole.type)):
        return _numbers(whole)
    encoded = whole.dictionary_encode()
    words = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    found: NDArray[Any] = words[np.nan_to_num(_numbers(encoded.indices), nan=-1).astype(int)]
    return found


def _numbers(array: Any) -> NDArray[np.float64]:
    """An Arrow array as float64, read from its buffers: pyarrow's own `to_numpy` imports pandas."""
    import numpy as np
    import pyarrow as pa

    array = array.cast(pa.float64())
    valid, values = array.buffers()
    numbers = np.frombuffer(values, np.float64, len(array), 8 * array.offset).copy()
    if array.null_count:
        bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
        numbers[bits[array.offset : array.offset + len(array)] == 0] = np.nan
    return numbers


def _write_parquet(frame: pd.DataFrame, file: Path) -> None:
    with replacing(file) as temporary:
        frame.to_parquet(temporary, index=False, compression="zstd")

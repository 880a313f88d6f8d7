"""A result as the decision rules see it: its document and its raw tables, warm-up left out."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from harness.results.result_document import CellRecord, ResultDocument


class Measured:
    """One experiment's result.

    Args:
        document: its `result.json`.
        read: gives a raw table by name; an empty frame where there is none.
    """

    def __init__(self, document: ResultDocument, read: Callable[[str], pd.DataFrame]) -> None:
        self.document = document
        self._read = read
        self._tables: dict[str, pd.DataFrame] = {}

    @property
    def cells(self) -> tuple[CellRecord, ...]:
        """Its cells, in order."""
        return self.document.cells

    def cell(self, **setting: object) -> CellRecord:
        """The only cell with these fields, such as `grpc_max_workers=2` or `workload="cpu"`.

        Raises:
            LookupError: there is none, or more than one.
        """
        found = [c for c in self.cells if all(getattr(c, key) == value for key, value in setting.items())]
        if len(found) != 1:
            raise LookupError(f"{self.document.name}: {len(found)} cells with {setting}")
        return found[0]

    def bursts(self, cell: CellRecord | None = None) -> pd.DataFrame:
        """Rows of the measured bursts (phase `measure`) of one cell or of all, in the order measured."""
        rows = self._table("bursts")
        if rows.empty:
            return rows
        return self._of_cell(rows[rows["phase"] == "measure"], cell).sort_values(["cell_id", "burst"])

    def rows(self, table: str, cell: CellRecord | None = None) -> pd.DataFrame:
        """Rows of another table (`runs`, `launches`, `ticks`, `pings`, `samples`, `processes`, `replicas`)
        that belong to measured bursts."""
        rows, bursts = self._table(table), self.bursts(cell)
        if rows.empty or bursts.empty:
            return rows.iloc[:0]
        return rows.merge(bursts[["cell_id", "burst"]], on=["cell_id", "burst"])

    def _table(self, name: str) -> pd.DataFrame:
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    @staticmethod
    def _of_cell(rows: pd.DataFrame, cell: CellRecord | None) -> pd.DataFrame:
        return rows if cell is None else rows[rows["cell_id"] == cell.cell_id]

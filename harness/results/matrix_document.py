"""`matrix.json`: several versions measured in turns, each round of each an ordinary result."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from harness.errors import ResultError
from harness.results.folder import ResultFolder
from harness.results.json_file import read_versioned
from harness.results.kinds import FILES
from harness.results.part import Part

MATRIX_SCHEMA_VERSION = 2
FILE = FILES["matrix"]


class RoundRecord(Part):
    """One version in one round."""

    number: int
    dagster_version: str
    folder: str = Field(pattern=r"^[^./\\][^/\\]*$", description="of the result, beside this file")


class MatrixDocument(Part):
    """The whole of `matrix.json`."""

    schema_version: int = MATRIX_SCHEMA_VERSION
    harness_version: str
    created_at: str
    finished_at: str = ""
    scenario_sha256: str = Field(description="of the scenario without its versions")
    stack: str
    versions: tuple[str, ...] = Field(description="the first is the baseline")
    rounds: tuple[RoundRecord, ...] = Field(description="in the order in which they are measured")
    planned: int = Field(
        0, description="rounds that load.repeats is shared out to, before any were added; 0 for all of them"
    )

    @property
    def shares(self) -> int:
        """Rounds that the repeats are shared out to."""
        return self.planned or len({one.number for one in self.rounds})


def is_matrix(path: Path) -> bool:
    """Whether a folder holds a matrix and not one result."""
    return (path / FILE).exists()


def read_matrix(path: Path) -> MatrixDocument:
    """Read a matrix.

    Raises:
        ResultError: not there, not readable, or written by a newer harness.
    """
    return read_versioned(path / FILE, MatrixDocument, MATRIX_SCHEMA_VERSION, "dagster-sizing matrix")


def write_matrix(path: Path, document: MatrixDocument) -> None:
    """Replace `matrix.json`, whole or not at all."""
    ResultFolder(path).write_text(FILE, document.model_dump_json(indent=2) + "\n")


def rounds_of(path: Path) -> list[ResultFolder]:
    """The results of a matrix: rounds in rising order, and in each the versions as they are listed.

    Raises:
        ResultError: it is not finished.
    """
    document = read_matrix(path)
    if not document.finished_at:
        raise ResultError(f"{path}: the matrix is not finished; go on with: dagster-sizing matrix --resume")
    ordered = sorted(
        document.rounds, key=lambda one: (one.number, document.versions.index(one.dagster_version))
    )
    return [ResultFolder(path / one.folder) for one in ordered]

"""What kind of folder it is that the harness wrote, by the file that tells."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from harness.results.claims_document import FILE as CLAIMS_FILE
from harness.results.comparison_document import COMPARISON_FILE
from harness.results.matrix_document import FILE as MATRIX_FILE
from harness.results.sizing_document import SIZING_FILE
from harness.results.trial_document import TRIAL_FILE

Told = Literal["result", "matrix", "claims", "trial", "size", "comparison"]
FILES: dict[Told, str] = {
    "result": "result.json",
    "matrix": MATRIX_FILE,
    "claims": CLAIMS_FILE,
    "trial": TRIAL_FILE,
    "size": SIZING_FILE,
    "comparison": COMPARISON_FILE,
}
"""By kind; a matrix that holds its comparison too is a matrix. A trend has no such file."""


def kind_of(folder: Path) -> Told | None:
    """The kind that a file of the folder tells; None where none does."""
    return next((kind for kind, name in FILES.items() if (folder / name).exists()), None)

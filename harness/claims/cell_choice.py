"""Which cells of a sweep stand against each other. Pure."""

from __future__ import annotations

from harness.claims.measured import Measured
from harness.results.result_document import CellRecord


def by_workers(result: Measured) -> tuple[tuple[int, CellRecord], tuple[int, CellRecord]]:
    """The cells of the fewest and of the most gRPC workers, each with that number.

    Raises:
        LookupError: there are not two numbers of workers, or one has several cells.
    """
    known = {cell.grpc_max_workers for cell in result.cells if cell.grpc_max_workers is not None}
    if len(known) < 2:
        raise LookupError(f"{result.document.name}: one number of workers; two are compared")
    few, many = min(known), max(known)
    return (few, result.cell(grpc_max_workers=few)), (many, result.cell(grpc_max_workers=many))

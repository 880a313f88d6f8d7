"""`dagster-sizing clean`: remove what a killed harness left behind."""

from __future__ import annotations

import typer

from harness.stack.ledger import clean as clean_leftovers


def clean() -> None:
    """Remove processes, cgroups and scratch folders that a killed experiment left behind, and only those.

    Experiments that are still running are not touched; results are kept.
    """
    clean_leftovers(typer.echo)

"""`dagster-sizing show`: print a result."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.course import courses_of
from harness.cli.progress import make_console
from harness.report.markdown import render_markdown
from harness.report.terminal import print_result
from harness.results.folder import ResultFolder


class Format(StrEnum):
    """Ways to print a result."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def show(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Result folder.")],
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Print a result, finished or not: validity, constants, and what each level cost."""
    folder = ResultFolder(result)
    document = folder.read_document()
    if not any(cell.levels for cell in document.cells):
        from harness.sizing.fitting import with_levels

        document = with_levels(document, folder.table("bursts"), folder.table("replicas"))
    if output is Format.JSON:
        typer.echo(document.model_dump_json(indent=2))
    elif output is Format.MARKDOWN:
        typer.echo(render_markdown(document, courses_of(folder)), nl=False)
    else:
        print_result(document, courses_of(folder), make_console())

"""`dagster-sizing show`: print a result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.course import courses_of
from harness.cli.options import format_option
from harness.cli.progress import make_console
from harness.report.renderers import Format, print_document
from harness.report.terminal import print_time
from harness.results.folder import ResultFolder


def show(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Result folder.")],
    output: Annotated[Format, format_option("result")] = Format.TABLE,
) -> None:
    """Print a result, finished or not: validity, constants, and what each level cost."""
    folder = ResultFolder(result)
    document = folder.read_document()
    if not any(cell.levels for cell in document.cells):
        from harness.sizing.fitting import with_levels

        document = with_levels(document, folder.table("bursts"), folder.table("replicas"))
    courses = {} if output is Format.JSON else courses_of(folder)
    console = make_console()
    print_document("result", output, document, courses, console=console)
    if output is Format.TABLE:
        print_time(document, console)

"""`dagster-sizing report`: results as HTML pages."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.pages import PAGE, render_path
from harness.results.folder import ResultFolder


def report(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Folders of results, matrices, claims, sizes, trials, comparisons or a history.",
        ),
    ],
    open_it: Annotated[bool, typer.Option("--open", help="Open each page in the browser.")] = False,
) -> None:
    """Write each folder as one HTML page that needs nothing else: report.html, in that folder.

    A page opens from disk and fetches nothing, so it can be attached to a ticket. It holds the answer first,
    then the pictures; each says which file and columns it is drawn from, and gives its data as CSV. Of a
    matrix, the page is the comparison of its versions.
    """
    for path in paths:
        page = render_path(path)
        ResultFolder(path).write_text(PAGE, page)
        file = (path / PAGE).resolve()
        typer.echo(f"{path / PAGE}")
        if open_it:
            webbrowser.open(file.as_uri())

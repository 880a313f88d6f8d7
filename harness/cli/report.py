"""`dagster-sizing report`: results as HTML pages."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.pages import write_page
from harness.errors import InputError
from harness.report.pictures.picture import Picture
from harness.report.pictures.still import png, svg

_NO_FIGURES = "no figures: those are of measured bursts, and of versions side by side"


def report(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Folders of results, matrices, claims, sizes, trials, comparisons or a trend.",
        ),
    ],
    open_it: Annotated[bool, typer.Option("--open", help="Open each page in the browser.")] = False,
    figures: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Also write the main pictures of results, matrices and comparisons there, as SVG and PNG.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write each folder as one HTML page that needs nothing else: report.html, in that folder.

    A page opens from disk and fetches nothing, so it can be attached to a ticket. It holds the answer first,
    then the pictures; each says which file and columns it is drawn from, and gives its data as CSV. Of a
    matrix, the page is the comparison of its versions.
    """
    bare = []
    for path in paths:
        page, rendered = write_page(path)
        typer.echo(str(page))
        if open_it:
            webbrowser.open(page.resolve().as_uri())
        if figures is not None:
            pictures = rendered.main_pictures()
            for picture in pictures:
                _write_figure(figures, picture, f"{path.resolve().name}-" if len(paths) > 1 else "")
            if not pictures:
                bare.append(path)
    if bare and len(bare) == len(paths):
        raise InputError(f"{', '.join(map(str, bare))}: {_NO_FIGURES}")
    for path in bare:
        typer.echo(f"{path}: {_NO_FIGURES}")


def _write_figure(folder: Path, picture: Picture, prefix: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{prefix}{picture.name}"
    file.with_name(f"{file.name}.svg").write_text(svg(picture), encoding="utf-8")
    file.with_name(f"{file.name}.png").write_bytes(png(picture))
    typer.echo(f"{file}.svg   {file}.png")

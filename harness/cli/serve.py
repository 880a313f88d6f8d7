"""`dagster-sizing serve`: results as pages of a small local server."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from harness.campaign.comparison import comparison_of
from harness.cli.pages import comparison_page, render_path
from harness.compare.verdicts import THRESHOLDS
from harness.errors import InputError
from harness.serve.app import Pages, make_app

ADDRESS = "127.0.0.1"


def serve(
    folder: Annotated[
        Path, typer.Argument(metavar="RESULTS_DIR", help="Folder with results, at any depth up to four.")
    ] = Path("results"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0 takes any that is free.")
    ] = 8765,
    open_it: Annotated[bool, typer.Option("--open", help="Open the list in the browser.")] = False,
) -> None:
    """List results in the browser: filter, open, compare them, and look on while one is measured.

    For this machine only: it listens on 127.0.0.1, reads the folder and changes nothing. A result that is
    being measured is marked, and opens as a page of its memory, runs in progress and CPU as they are now.
    Ctrl-C ends the server, and nothing else.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name one that holds results, or measure: make bench")
    listening = _listen(port)
    address = f"http://{ADDRESS}:{listening.getsockname()[1]}/"
    typer.echo(f"results of {folder} at {address} (Ctrl-C ends it)")
    if open_it:
        webbrowser.open(address)
    app = make_app(folder, Pages(lambda path: render_path(path).page, _compared))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    with listening:
        server.run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
        listening.listen()  # from now on the address can be asked, even before anybody answers
    except OSError as error:
        listening.close()
        raise InputError(
            f"--port {port}: cannot be had ({error.strerror}); another one, or 0 for any that is free"
        ) from None
    return listening


def _compared(folders: Sequence[Path], force: bool) -> str:
    return comparison_page(*comparison_of(folders, THRESHOLDS, force))

"""Which deployment `bench --attach` loads, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from harness.cli.options import TOKEN_HEADER, TokenEnv, TokenHeader

_PANEL = "A deployment that runs already"


@dataclass(frozen=True)
class AttachOptions:
    """A deployment that runs already, and its bounds."""

    attach: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Load a deployment that runs already, by its UI's address, instead of a server of our own. "
            "Its memory comes from --metrics. Runs of others are counted and go on; ours are tagged, and are "
            "ended where memory passes 80 % of the limit or a run fails.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = ""
    highest: Annotated[
        int | None,
        typer.Option(
            metavar="RUNS",
            help="With --attach: how many runs there may be at once, those of others included.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None
    yes_load_this_deployment: Annotated[
        bool,
        typer.Option(
            "--yes-load-this-deployment",
            help="With --attach: you may load it, and its users know of it.",
            rich_help_panel=_PANEL,
        ),
    ] = False
    location: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="With --attach: code location of the workloads; needed where there are several.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = ""
    stop_above: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="With --attach: memory at which to stop, such as 1500MiB. Default: 80 % of the limit.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = ""
    token_env: TokenEnv = ""
    token_header: TokenHeader = TOKEN_HEADER

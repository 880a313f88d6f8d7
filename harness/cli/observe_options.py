"""Which runs of a Dagster instance are observed, and how the instance is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from harness.cli.options import TOKEN_HEADER, TokenEnv, TokenHeader
from harness.sizing.run_lives import LOGS_READ


@dataclass(frozen=True)
class RunOptions:
    """Where runs come from."""

    location: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Code location whose server is selected. May be given several times, where several share "
            "one container.",
            show_default=False,
        ),
    ] = None
    days: Annotated[float, typer.Option(help="How far back to read metrics and runs.")] = 7.0
    token_env: TokenEnv = ""
    token_header: TokenHeader = TOKEN_HEADER
    event_logs: Annotated[
        int,
        typer.Option(
            min=20,
            help="Of how many runs, the newest, to read the event log, which tells when a run's process came "
            "up and ended. The others have the median of these.",
        ),
    ] = LOGS_READ

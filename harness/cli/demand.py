"""`dagster-sizing demand`: what a run history says of demand, from a Dagster instance or a file."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

import harness
from harness.atomic import replacing
from harness.cli.options import TOKEN_HEADER, TokenEnv, TokenHeader, format_option
from harness.cli.progress import make_console
from harness.cli.run_source import counting, is_instance, read_runs
from harness.errors import InputError
from harness.report.renderers import Format, print_document
from harness.results.demand_document import DemandDocument
from harness.results.timestamp import timestamp
from harness.sizing.profile import profiles_of

_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda runs, file: runs.to_csv(file, index=False),
    ".parquet": lambda runs, file: runs.to_parquet(file, index=False),
}


def demand(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Address of a Dagster instance's UI (http://127.0.0.1:3000, or "
            "https://ORGANISATION.dagster.cloud/DEPLOYMENT), or a CSV or Parquet file with columns start and "
            "end (epoch seconds or ISO 8601), and perhaps location, job and status.",
        ),
    ],
    days: Annotated[
        float,
        typer.Option(
            help="How far back to ask an instance; whole weeks hold quiet days as well as busy ones."
        ),
    ] = 30.0,
    token_env: TokenEnv = "",
    token_header: TokenHeader = TOKEN_HEADER,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Save the runs here, as .csv or .parquet, for `dagster-sizing size RESULT --history FILE`.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Format, format_option("demand")] = Format.TABLE,
) -> None:
    """Show the demand in a run history: how many runs, how long, how many at once, and how they arrive.

    Runs are read from a Dagster instance over GraphQL (only read; nothing is started there) or from a file,
    and told by code location, as each has a code server of its own. Failed and cancelled runs count, as they
    held memory too; those in progress are left out.

    The guide's average (mean duration / 3600 × runs per hour) is shown beside the peak that really was. How
    far they are apart depends on how runs arrive: schedules that fire at the full hour come in bursts, and
    then no factor on the average tells the peak. `--out` saves the runs, and `dagster-sizing size` makes a
    size of them.
    """
    writer = None if out is None else _writer(out, source)
    # What programs read must hold nothing else.
    console = make_console() if output is Format.TABLE else Console(stderr=True)
    with counting(console) as say:
        history = read_runs(source, token_env, token_header, days, say)
    runs = history.runs
    document = DemandDocument(
        harness_version=harness.__version__,
        created_at=timestamp(),
        source=source,
        runs=len(runs),
        runs_left_out=sum(history.left_out.values()),
        left_out=dict(history.left_out),
        alike=history.alike,
        locations=profiles_of(runs),
    )
    if out is not None and writer is not None:
        _save(runs, out, writer)
    print_document("demand", output, document, console=console)
    console.print(f"\n{_next_step(document, out)}", markup=False, highlight=False, soft_wrap=True)


def _next_step(document: DemandDocument, out: Path | None) -> str:
    named = [one.location for one in document.locations if one.location]
    chosen = f" --location {shlex.quote(named[0])}" if len(document.locations) > 1 and named else ""
    if out is not None:
        file = shlex.quote(str(out))
        return f"{document.runs:,} runs saved; next: dagster-sizing size RESULT --history {file}{chosen}"
    if is_instance(document.source):
        return (
            f"next: save them with --out runs.csv, for dagster-sizing size RESULT --history runs.csv{chosen}"
        )
    return f"next: dagster-sizing size RESULT --history {shlex.quote(document.source)}{chosen}"


def _writer(out: Path, source: str) -> Callable[[pd.DataFrame, Path], None]:
    """How to write that file; asked before anything is read, which may take minutes."""
    writer = _WRITERS.get(out.suffix)
    if writer is None:
        raise InputError(f"--out {out}: a name that ends in .csv or .parquet is expected")
    if not out.parent.is_dir():
        raise InputError(f"--out {out}: there is no folder {out.parent}; make it first")
    if out.is_dir() or (out.exists() and not is_instance(source) and out.samefile(source)):
        raise InputError(f"--out {out}: is a folder or the history itself; choose another name")
    return writer


def _save(runs: pd.DataFrame, out: Path, writer: Callable[[pd.DataFrame, Path], None]) -> None:
    """Write the file whole or not at all."""
    try:
        with replacing(out) as temporary:
            writer(runs, temporary)
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error.strerror or error})") from None

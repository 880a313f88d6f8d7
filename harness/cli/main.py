"""The command `dagster-sizing`: gathers the commands and turns errors into one line and an exit code."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated

import typer

import harness
from harness.cli import (
    bench,
    claims,
    clean,
    compare,
    demand,
    doctor,
    fit,
    matrix,
    report,
    scenario,
    serve,
    show,
    size,
    trend,
    try_size,
)
from harness.errors import HarnessError

EXIT_CODES = """\
Exit codes:

0  done; for bench: the result is valid\n
1  a bug in dagster-sizing\n
2  bad input: scenario, option, result folder, or the code under test\n
3  this machine lacks something (`dagster-sizing doctor` says what)\n
4  measured to the end, but the result is not valid\n
5  the experiment broke off; what was measured is kept\n
6  a size was tried, and did not hold\n
7  something got costlier than the baseline\n
8  something is open, and `--fail-on inconclusive` was given\n
130  interrupted; what was measured is kept
"""

app = typer.Typer(
    name="dagster-sizing",
    help="Measure how much memory and CPU a Dagster code server needs for N concurrent runs.\n\n"
    "Start with `dagster-sizing bench workloads/scenarios/quick.yaml`.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command("bench")(bench.bench)
app.command("claims")(claims.claims)
app.command("fit")(fit.fit)
app.command("show")(show.show)
app.command("demand")(demand.demand)
app.command("size")(size.size)
app.command("try")(try_size.try_size)
app.command("matrix")(matrix.matrix)
app.command("compare")(compare.compare)
app.command("report")(report.report)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.command("clean")(clean.clean)
app.add_typer(trend.app, name="trend")
app.add_typer(scenario.app, name="scenario")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dagster-sizing {harness.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Entry point; never shows a traceback for an error that the user can do something about."""
    try:
        app()
    except HarnessError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away, as `head` does
        sys.exit(0)
    except Exception as error:
        with tempfile.NamedTemporaryFile(
            "w", prefix="dagster-sizing-", suffix=".log", delete=False, encoding="utf-8"
        ) as stream:
            traceback.print_exc(file=stream)
        report = Path(stream.name)
        typer.echo(f"error: a bug in dagster-sizing: {error!r}; please report it with {report}", err=True)
        sys.exit(1)

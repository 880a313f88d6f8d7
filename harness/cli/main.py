"""The command `dagster-sizing`: gathers the commands and turns errors into one line and an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import Annotated

import typer

import harness
from harness.cli.lazy import Entry, LazyGroup
from harness.crash_logs import write_crash_log
from harness.errors import EXIT_CODES, HarnessError, MachineError

COMMANDS = (
    Entry(
        "bench",
        "bench",
        "Measure a code server: bring it up, fire bursts of runs, record their cost, fit the constants.",
    ),
    Entry(
        "observe",
        "observe",
        "Learn what runs cost from a deployment that already runs: from its metrics and its run history.",
    ),
    Entry(
        "collect",
        "collect",
        "Write down what a code server uses, as CSV for `observe`, where no metrics system does.",
    ),
    Entry(
        "claims",
        "claims",
        "Test the sizing guide's claims by experiment; each gets a verdict with the figures that decided it.",
    ),
    Entry(
        "fit", "fit", "Fit the constants again from the raw tables, and write result.json and report.md anew."
    ),
    Entry("show", "show", "Print a result, finished or not: validity, constants, and what each level cost."),
    Entry(
        "demand",
        "demand",
        "Show the demand in a run history: how many runs, how long, how many at once, and how they arrive.",
    ),
    Entry(
        "size",
        "size",
        "Compute memory, CPUs, workers, the cap on runs and replicas for a demand, from measured constants.",
    ),
    Entry(
        "try",
        "try_size",
        "Run a recommended size at the peak that it is for, show that it holds, and find where it breaks.",
    ),
    Entry(
        "matrix",
        "matrix",
        "Measure several Dagster versions in interleaved rounds (A B A B), for `dagster-sizing compare`.",
    ),
    Entry(
        "compare",
        "compare",
        "Compare results of two or more Dagster versions, constant by constant, and say what got costlier.",
    ),
    Entry(
        "report",
        "report",
        "Write each folder as one HTML page that needs nothing else: report.html, in that folder.",
    ),
    Entry(
        "serve",
        "serve",
        "List results in the browser: filter, open, compare them, and look on while one is measured.",
    ),
    Entry(
        "doctor", "doctor", "Say what this machine can measure, what it cannot, and how to put that right."
    ),
    Entry(
        "clean",
        "clean",
        "Remove processes, cgroups and scratch folders that a killed experiment left behind, and only those.",
    ),
    Entry("trend", "trend", "Keep the constants of results over time, and see where one stepped."),
    Entry("init", "init", "Write a scenario file for your own project, check it, and say what to do next."),
    Entry("scenario", "scenario", "Check scenario files and print their JSON Schema."),
)
_EPILOG = "Exit codes:\n\n" + "\n\n".join(f"{code}  {meaning}" for code, meaning in EXIT_CODES.items())

app = typer.Typer(
    cls=LazyGroup.of(COMMANDS),
    name="dagster-sizing",
    help="Measure how much memory and CPU a Dagster code server needs for N concurrent runs.\n\n"
    "Start with `dagster-sizing bench quick`, and go on with `dagster-sizing init` for your own code.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


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


_FIXES = {
    errno.EACCES: "choose a place that you may write to, or another user",
    errno.EPERM: "choose a place that you may write to, or another user",
    errno.EROFS: "choose a place that can be written to",
    errno.EEXIST: "a file is where a folder is expected; choose another",
    errno.ENOTDIR: "a file is where a folder is expected; choose another",
    errno.EISDIR: "a folder is where a file is expected; choose another",
    errno.ENOSPC: "make room, or choose another disk",
    errno.EDQUOT: "make room, or choose another disk",
    errno.ENAMETOOLONG: "choose a shorter one",
    errno.ELOOP: "mend the link",
}
"""What a user can do about a path that the system refuses."""


_SHORTAGES = {
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENFILE: "the machine has no more open files; end what holds them, or raise fs.file-max",
    errno.EAGAIN: "raise the limit on processes (ulimit -u)",
    errno.ENOMEM: "the machine has no memory left",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
    errno.EROFS: "the disk can only be read now; write to another, or mend it",
}
"""What a user can do about what the machine ran out of, where no path is told."""


def _file_trouble(error: OSError) -> str | None:
    """A refusal of the system that concerns a path, in one line; None where it is no such thing."""
    if error.filename is None or error.errno not in _FIXES:
        return None
    return f"{os.fsdecode(error.filename)}: {error.strerror}; {_FIXES[error.errno]}"


def _shortage(error: Exception) -> str | None:
    """What the machine ran out of, in one line; None where it is something else."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError):
        number = errno.ENOMEM
    return f"{os.strerror(number)}: {_SHORTAGES[number]}" if number in _SHORTAGES else None


def _terminal_is_lost() -> bool:
    """Whether this was started in a terminal that has been closed."""
    import termios

    for descriptor in (0, 1, 2):
        try:
            termios.tcgetattr(descriptor)
        except termios.error as error:  # of what is no terminal, ENOTTY
            if error.args[0] == errno.EIO:
                return True
    return False


def main() -> None:
    """Entry point; never shows a traceback for an error that the user can do something about."""
    try:
        app()
    except HarnessError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # of a lost terminal
            typer.echo("interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away, as `head` does
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.EIO and _terminal_is_lost():
            sys.exit(130)  # as by Ctrl-C, and nobody reads on
        if isinstance(error, OSError) and (told := _file_trouble(error)):
            typer.echo(f"error: {told}", err=True)
            sys.exit(2)
        if told := _shortage(error):
            typer.echo(f"error: {told}", err=True)
            sys.exit(MachineError.exit_code)
        report = write_crash_log(error)
        typer.echo(f"error: a bug in dagster-sizing: {error!r}; please report it with {report}", err=True)
        sys.exit(1)

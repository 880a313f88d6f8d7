"""Times, sizes and thresholds given as options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from harness.errors import InputError
from harness.report.renderers import Format, Subject, formats_of
from harness.results.comparison_document import Kind
from harness.scenario.duration import parse_seconds
from harness.scenario.quantity import SERVER_CPUS, SERVER_MEMORY
from harness.sizing.arrivals import LONGEST_SECONDS
from harness.stack.registry import StackName

TOKEN_HEADER = "Dagster-Cloud-Api-Token"
"""What Dagster+ takes a user's token in."""


TokenEnv = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Environment variable that holds the instance's token. The token itself never goes on the "
        "command line, where others may see it.",
        show_default=False,
    ),
]
"""The option `--token-env`."""
TokenHeader = Annotated[
    str,
    typer.Option(
        metavar="HEADER",
        help="HTTP header that the token is sent in. For Authorization, the variable must hold the whole "
        "value, such as `Bearer` and the token.",
    ),
]
"""The option `--token-header`."""


NodeOption = Annotated[
    str,
    typer.Option(
        "--node",
        metavar="NAME",
        help="With --stack kubernetes: the node that code servers go to. Default: where the scheduler finds "
        "room.",
        show_default=False,
    ),
]
"""The option `--node`."""
KeepOffOption = Annotated[
    str,
    typer.Option(
        "--keep-off",
        metavar="NAMES",
        help="With --node: nodes, with commas between them, that others measure on meanwhile; webserver, "
        "daemon, Postgres and load go elsewhere if they can.",
        show_default=False,
    ),
]
"""The option `--keep-off`."""


def check_parallel(parallel: int, stack: StackName, node: str) -> None:
    """Refuse several nodes where there are none, or where one is named.

    Raises:
        InputError: the option, and what to do.
    """
    if parallel > 1 and stack is not StackName.kubernetes:
        raise InputError(
            f"--parallel {parallel}: on one machine two experiments disturb each other; leave it out, "
            "or add --stack kubernetes"
        )
    if parallel > 1 and node:
        raise InputError("--parallel: chooses the nodes by itself; leave --node out")


def format_option(subject: Subject) -> Any:
    """The option `--format`, with the formats that a document has; of type `Format`."""
    known = formats_of(subject)

    def parse(text: str) -> Format:
        if text not in known:
            raise InputError(f"--format {text}: one of {', '.join(known)} is expected")
        return Format(text)

    metavar = f"<{'|'.join(known)}>"
    return typer.Option("--format", help="How to print it.", parser=parse, metavar=metavar)


def seconds_of(option: str, text: str) -> float:
    """Seconds in an option such as `45s`.

    Raises:
        InputError: not a time above 0, or longer than a year.
    """
    try:
        seconds = parse_seconds(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: {error}") from None
    if not 0 < seconds <= LONGEST_SECONDS:
        raise InputError(f"{option} {text}: more than 0s and at most {LONGEST_SECONDS / 3600:g}h is expected")
    return seconds


def bytes_of(option: str, text: str) -> int:
    """Bytes in an option such as `30GiB`; InputError where it is no memory of a code server."""
    try:
        return SERVER_MEMORY.read(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: {error}") from None


def cpus_of(option: str, text: str) -> float:
    """CPUs in an option such as `500m`; InputError where a code server cannot have so many."""
    try:
        return SERVER_CPUS.read(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: {error}") from None


def thresholds_of(told: Sequence[str], defaults: Mapping[Kind, float]) -> dict[Kind, float]:
    """Thresholds by kind of constant, where options such as `memory=0.03` replace defaults.

    Raises:
        InputError: no such kind, or no share.
    """
    limits = dict(defaults)
    for text in told:
        name, _, share = text.partition("=")
        kind = next((known for known in limits if known == name), None)
        try:
            value = float(share)
        except ValueError:
            value = -1.0
        if kind is None or not 0 < value < 10:
            raise InputError(
                f"--threshold {text}: one of {', '.join(limits)} and a share is expected, such as memory=0.03"
            )
        limits[kind] = value
    return limits

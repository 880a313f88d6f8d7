"""Where a run history comes from: a file, or a Dagster instance over GraphQL."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pandas as pd
from rich.console import Console

from harness.cli.options import TOKEN_HEADER
from harness.errors import InputError
from harness.model.day_peaks import DAY_SECONDS
from harness.sizing.history_file import read_table
from harness.sizing.instance_runs import read_instance_history
from harness.sizing.run_history import History, whole_runs
from harness.target.graphql import (
    AccessRefusedError,
    GraphQLClient,
    GraphQLError,
    NotGraphQLError,
    UnreachableError,
)
from harness.web_session import is_here

LINE_EVERY = 5000
TIMEOUT_SECONDS = 60.0

_ADDRESSES = "such as http://127.0.0.1:3000 or https://ORGANISATION.dagster.cloud/DEPLOYMENT"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def read_runs(source: str, token_env: str, header: str, days: float, say: Callable[[int], None]) -> History:
    """Whole runs of a Dagster instance or of a file.

    Args:
        source: what begins with http:// or https:// is an instance, anything else a CSV or Parquet file.
        token_env: environment variable with the instance's token; empty for none.
        header: that the token is sent in.
        days: how far back to ask an instance; a file is read whole.
        say: called with the number of runs read so far, those included that are left out of the result.

    Raises:
        InputError: it cannot be read; one line with the option and the fix.
    """
    if is_instance(source):
        return _of_instance(source, token_env, header, days, say)
    file = Path(source)
    if not file.exists():
        raise InputError(
            f"{source}: no such file; name a CSV or Parquet file, or a Dagster instance by its whole "
            f"address, {_ADDRESSES}"
        )
    table = read_table(file)
    say(len(table))
    return whole_runs(table, source)


def runs_of_location(runs: pd.DataFrame, source: str, location: str) -> tuple[pd.DataFrame, str]:
    """The runs of the code location that was named, or of the only one, and its name.

    Raises:
        InputError: it has none, or there are several and none was named.
    """
    known = sorted(set(runs["location"]))
    if location:
        runs = runs[runs["location"] == location]
        if runs.empty:
            raise InputError(f"--location {location}: not in {source}; it has {', '.join(known)}")
    elif len(known) > 1:
        raise InputError(f"{source}: runs of several code locations; name one: --location {', '.join(known)}")
    return runs, location or known[0]


def is_instance(source: str) -> bool:
    """Whether `source` is the address of a Dagster instance, and not a file."""
    return source.lower().startswith(("http://", "https://"))


def without_query(url: str) -> str:
    """An address without what may be secret in it."""
    return url.split("?")[0].split("#")[0]


@contextmanager
def counting(console: Console) -> Iterator[Callable[[int], None]]:
    """Shows how many runs were read: on a terminal as they come, else now and then as a line."""
    if console.is_terminal:
        with console.status("reading runs") as status:
            yield lambda number: status.update(f"{number:,} runs read")
        return
    told = 0

    def say(number: int) -> None:
        nonlocal told
        if number // LINE_EVERY > told // LINE_EVERY:
            console.print(f"{number:,} runs read", markup=False, highlight=False)
        told = number

    yield say


@contextmanager
def instance_client(source: str, token_env: str, header: str) -> Iterator[GraphQLClient]:
    """A client of a Dagster instance; what its webserver refuses within the block becomes one clear line.

    Args:
        source: its address.
        token_env: environment variable with its token; empty for none.
        header: that the token is sent in.

    Raises:
        InputError: the address or the token is none, or the instance gave no answer.
    """
    url, host = endpoint_of(source)
    client = GraphQLClient(
        url, TIMEOUT_SECONDS, token_headers(token_env, header), through_proxy=not is_here(host)
    )
    try:
        yield client
    except GraphQLError as error:
        raise InputError(" ".join(_told(error, source, token_env, header).split())) from None
    finally:
        client.close()


def seconds_back(days: float) -> float:
    """The instant so many days ago, in epoch seconds; InputError where that is no number of days."""
    if not 0 < days < float("inf"):
        raise InputError(f"--days {days:g}: a number greater than 0 is expected")
    return max(time.time() - days * DAY_SECONDS, 0.0)


def _of_instance(
    source: str, token_env: str, header: str, days: float, say: Callable[[int], None]
) -> History:
    since = seconds_back(days)
    with instance_client(source, token_env, header) as client:
        return read_instance_history(client, since, say)


def _told(error: GraphQLError, source: str, token_env: str, header: str) -> str:
    if isinstance(error, AccessRefusedError) and token_env:
        return (
            f"{error}: --token-env {token_env}: its token was sent in the header {header}; give one that "
            "may read runs, or name another header with --token-header"
        )
    if isinstance(error, AccessRefusedError):
        return f"{error}: name the environment variable that holds a token with --token-env"
    if isinstance(error, UnreachableError):
        return f"SOURCE {source}: cannot be reached; check the address and that its webserver runs ({error})"
    if isinstance(error, NotGraphQLError):
        return f"SOURCE {source}: not a Dagster instance ({error}); give the address of its UI, {_ADDRESSES}"
    return f"SOURCE {source}: gave no runs ({error}); Dagster 1.8 to 1.13 is expected there"


def endpoint_of(source: str) -> tuple[str, str]:
    """Address of the GraphQL endpoint, and its host."""
    try:
        parts = urlsplit(source)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"SOURCE: not an address ({error}); one is expected {_ADDRESSES}") from None
    if not host:
        raise InputError(f"SOURCE {source}: has no host; one is expected {_ADDRESSES}")
    if parts.username is not None or parts.password is not None:
        # Whoever may list processes sees the command line; and it would be in every error.
        raise InputError(
            "SOURCE: a password in the address can be seen by others; take it out, and give what the "
            "server wants with --token-env NAME --token-header Authorization"
        )
    path = parts.path.rstrip("/")
    path = path if path.endswith("/graphql") else f"{path}/graphql"
    return SplitResult(parts.scheme, parts.netloc, path, "", "").geturl(), host


def token_headers(token_env: str, header: str) -> dict[str, str]:
    """What a webserver is sent: the token of `--token-env`; nothing where none was named."""
    return {header: header_value("--token-env", token_env, header)} if token_env else {}


def header_value(option: str, variable: str, header: str) -> str:
    """What an environment variable holds for a header of HTTP.

    Args:
        option: that named the variable, for errors.
        variable: its name.
        header: what it is sent in.

    Raises:
        InputError: there is no such variable, or it holds nothing that a header may.
    """
    if not _HEADER_NAME.fullmatch(header):
        named = "--token-header" if option == "--token-env" else option
        raise InputError(f"{named} {header}: the name of an HTTP header is expected, as {TOKEN_HEADER}")
    token = os.environ.get(variable, "").strip()
    if not token:
        # Not repeated: people paste the token itself here.
        named = f" {variable}" if re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable) else ""
        raise InputError(
            f"{option}{named}: no such environment variable, or it is empty; give the name of the one "
            "that holds the token, not the token itself"
        )
    if not (token.isascii() and token.isprintable()):
        raise InputError(f"{option} {variable}: its value has characters that no token has")
    return token

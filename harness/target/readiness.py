"""Waiting until a code server, asked through its webserver, is ready to take runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from harness.errors import CodeLocationError, ExperimentError
from harness.target.first_cause import first_cause, one_line
from harness.target.graphql import NOT_AS_EXPECTED, GraphQLClient, GraphQLError, UnreachableError
from harness.target.locations import location_entries, repository_of

POLL_SECONDS = 0.2
_T = TypeVar("_T")

_DAEMONS = """
query Daemons { instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } } }
"""


def wait_for_location(
    url: str, timeout: float, check: Callable[[], None], repository: str | None = None
) -> tuple[str, str]:
    """Wait until the webserver has loaded the code location; returns its name and its repository.

    Args:
        url: GraphQL endpoint of the webserver.
        timeout: seconds.
        check: called again and again; raises where it is of no use to wait on.
        repository: which one, where the code has several.

    Raises:
        CodeLocationError: the code does not import, or has not that repository, or several and none is named.
        ExperimentError: not ready in time.
    """

    def loaded(client: GraphQLClient) -> tuple[str, str] | None:
        entry = next(iter(location_entries(client)), None)
        if entry is None or not entry["locationOrLoadError"]:
            return None
        found = entry["locationOrLoadError"]
        if found["__typename"] == "RepositoryLocation":
            return entry["name"], repository_of(found, repository)
        why = first_cause(found)
        if not _not_yet_reachable(why):
            raise CodeLocationError(f"location: the code does not import: {why}")
        raise UnreachableError(why)

    return _wait(url, timeout, check, loaded, ("the code server was not ready", "no answer"))


def wait_for_daemon(url: str, timeout: float, check: Callable[[], None]) -> None:
    """Wait until the daemon that takes runs out of the queue reports itself healthy.

    Raises:
        ExperimentError: not healthy in time.
    """

    def healthy(client: GraphQLClient) -> bool | None:
        statuses = client.execute(_DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return any(s["daemonType"] == "QUEUED_RUN_COORDINATOR" and s["healthy"] for s in statuses) or None

    _wait(url, timeout, check, healthy, ("dagster-daemon was not healthy", "it said so itself"))


def _wait(
    url: str,
    timeout: float,
    check: Callable[[], None],
    ask: Callable[[GraphQLClient], _T | None],
    told: tuple[str, str],
) -> _T:
    """Ask again and again until there is an answer; `told` is what to say where none comes, and why.

    Why is what was wrong last, where anything was.
    """
    what, last = told
    client = GraphQLClient(url, timeout_seconds=10)
    deadline = time.monotonic() + timeout
    try:
        while time.monotonic() < deadline:
            check()
            try:
                if (answer := ask(client)) is not None:
                    return answer
            except (GraphQLError, *NOT_AS_EXPECTED) as error:
                last = one_line(str(error))
            time.sleep(POLL_SECONDS)
    finally:
        client.close()
    raise ExperimentError(f"{what} after {timeout:g}s ({last}); raise timeouts.start")


def _not_yet_reachable(message: str) -> bool:
    signs = ("UNAVAILABLE", "Could not reach", "failed to connect", "Connection refused", "DEADLINE_EXCEEDED")
    return any(sign in message for sign in signs)

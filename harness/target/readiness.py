"""Waiting until a code server, asked through its webserver, is ready to take runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from harness.errors import CodeLocationError, ExperimentError
from harness.target.first_cause import ERROR_FIELDS, first_cause, one_line
from harness.target.graphql import NOT_AS_EXPECTED, GraphQLClient, GraphQLError, UnreachableError

POLL_SECONDS = 0.2
_T = TypeVar("_T")

_WORKSPACE = f"""
query Workspace {{
  workspaceOrError {{
    __typename
    ... on PythonError {{ message }}
    ... on Workspace {{
      locationEntries {{
        name
        loadStatus
        locationOrLoadError {{
          __typename
          ... on PythonError {{ {ERROR_FIELDS} }}
          ... on RepositoryLocation {{ repositories {{ name }} }}
        }}
      }}
    }}
  }}
}}
"""

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
        entry = _entry(client.execute(_WORKSPACE))
        if entry is None or not entry["locationOrLoadError"]:
            return None
        found = entry["locationOrLoadError"]
        if found["__typename"] == "RepositoryLocation":
            return entry["name"], _repository(found, repository)
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


def _entry(data: dict[str, Any]) -> dict[str, Any] | None:
    entries = data["workspaceOrError"].get("locationEntries") or [None]
    first: dict[str, Any] | None = entries[0]
    return first


def _repository(loaded: dict[str, Any], wanted: str | None) -> str:
    names = sorted(repository["name"] for repository in loaded["repositories"])
    found = ", ".join(names) or "none"
    if wanted is not None and wanted not in names:
        raise CodeLocationError(f"location.repository: {wanted} does not exist; the code has {found}")
    if wanted is None and len(names) != 1:
        raise CodeLocationError(f"location.repository: say which one is meant; the code has {found}")
    return wanted or str(names[0])


def _not_yet_reachable(message: str) -> bool:
    signs = ("UNAVAILABLE", "Could not reach", "failed to connect", "Connection refused", "DEADLINE_EXCEEDED")
    return any(sign in message for sign in signs)

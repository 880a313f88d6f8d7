"""Waiting until a code server, asked through its webserver, is ready to take runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from harness.errors import CodeLocationError, ExperimentError
from harness.target.first_cause import ERROR_FIELDS, first_cause, one_line
from harness.target.graphql import NOT_AS_EXPECTED, GraphQLClient, GraphQLError

POLL_SECONDS = 0.2

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
    client = GraphQLClient(url, timeout_seconds=10)
    deadline = time.monotonic() + timeout
    last = "no answer"
    try:
        while time.monotonic() < deadline:
            check()
            try:
                entry = _entry(client.execute(_WORKSPACE))
                if entry is not None and entry["locationOrLoadError"]:
                    loaded = entry["locationOrLoadError"]
                    if loaded["__typename"] == "RepositoryLocation":
                        return entry["name"], _repository(loaded, repository)
                    last = first_cause(loaded)
                    if not _not_yet_reachable(last):
                        raise CodeLocationError(f"location: the code does not import: {last}")
            except (GraphQLError, *NOT_AS_EXPECTED) as error:
                last = one_line(str(error))
            time.sleep(POLL_SECONDS)
    finally:
        client.close()
    raise ExperimentError(f"the code server was not ready after {timeout:g}s ({last}); raise timeouts.start")


def wait_for_daemon(url: str, timeout: float, check: Callable[[], None]) -> None:
    """Wait until the daemon that takes runs out of the queue reports itself healthy.

    Raises:
        ExperimentError: not healthy in time.
    """
    client = GraphQLClient(url, timeout_seconds=10)
    deadline = time.monotonic() + timeout
    last = "it said so itself"
    try:
        while time.monotonic() < deadline:
            check()
            try:
                statuses = client.execute(_DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
                if any(s["daemonType"] == "QUEUED_RUN_COORDINATOR" and s["healthy"] for s in statuses):
                    return
            except (GraphQLError, *NOT_AS_EXPECTED) as error:
                last = one_line(str(error))
            time.sleep(POLL_SECONDS)
    finally:
        client.close()
    raise ExperimentError(f"dagster-daemon was not healthy after {timeout:g}s ({last}); raise timeouts.start")


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

"""When the daemon had sensors and schedules of code locations evaluated, as Dagster tells it over GraphQL.

Only fields are asked for that Dagster 1.8 to 1.13 share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from harness.target.first_cause import ERROR_FIELDS, first_cause
from harness.target.graphql import NOT_AS_EXPECTED, GraphQLClient, GraphQLError, NotGraphQLError

TICKS_PER_PAGE = 1000
MOST_TICKS = 100_000
"""More are not read: a hundred requests to the webserver."""
KEPT_SECONDS = 7 * 86400.0
"""For so long Dagster keeps ticks that were skipped, most of them, unless its instance says otherwise."""

_INSTIGATORS = """
query Instigators {
  workspaceOrError {
    __typename
    ... on PythonError { message }
    ... on Workspace {
      locationEntries {
        name
        locationOrLoadError {
          __typename
          ... on RepositoryLocation {
            repositories { name sensors { name } schedules { name } }
          }
        }
      }
    }
  }
}
"""


def _ticks_of(kind: str) -> str:
    thing, low = kind.capitalize(), kind
    return f"""
query Ticks($selector: {thing}Selector!, $after: Float!, $before: Float!, $limit: Int!) {{
  told: {low}OrError({low}Selector: $selector) {{
    __typename
    ... on {thing} {{
      state: {low}State {{
        ticks(afterTimestamp: $after, beforeTimestamp: $before, limit: $limit) {{ timestamp endTimestamp }}
      }}
    }}
    ... on PythonError {{ {ERROR_FIELDS} }}
  }}
}}
"""


@dataclass(frozen=True)
class ToldTick:
    """One evaluation."""

    name: str
    """Of the sensor or schedule."""
    began: float
    """Epoch seconds."""
    ended: float
    """Epoch seconds; its begin where it did not end."""


def location_ticks(
    client: GraphQLClient,
    locations: Collection[str],
    since: float,
    until: float,
    on_read: Callable[[str], None],
) -> tuple[ToldTick, ...] | None:
    """Ticks that began in some time, in the order of their begin.

    Args:
        client: of the instance's webserver.
        locations: names of code locations; none for all of them.
        since, until: epoch seconds.
        on_read: told how it goes on.

    Returns:
        None where not all can be told: the time is longer than Dagster keeps them, or they are too many.

    Raises:
        GraphQLError: the webserver did not answer, or not with ticks.
    """
    if until - since > KEPT_SECONDS:
        return None
    found: dict[tuple[str, float], ToldTick] = {}
    for kind, selector in _instigators(client, locations):
        name = str(selector[f"{kind}Name"])
        for tick in _pages(client, kind, selector, since, until):
            found[name, tick.began] = tick
            if len(found) > MOST_TICKS:
                return None
        on_read(f"{len(found):,} ticks read")
    return tuple(sorted(found.values(), key=lambda one: one.began))


def _instigators(client: GraphQLClient, locations: Collection[str]) -> list[tuple[str, dict[str, str]]]:
    """Of each, `sensor` or `schedule`, and its selector."""
    try:
        entries = client.execute(_INSTIGATORS)["workspaceOrError"].get("locationEntries") or []
        return [
            (
                kind,
                {
                    "repositoryLocationName": entry["name"],
                    "repositoryName": repository["name"],
                    f"{kind}Name": one["name"],
                },
            )
            for entry in entries
            if entry["name"] in locations or not locations
            for repository in (entry["locationOrLoadError"] or {}).get("repositories", ())
            for kind in ("sensor", "schedule")
            for one in repository[f"{kind}s"]
        ]
    except NOT_AS_EXPECTED:
        raise NotGraphQLError(f"{client.url}: its answer is not that of a Dagster webserver") from None


def _pages(
    client: GraphQLClient, kind: str, selector: dict[str, str], since: float, until: float
) -> Iterator[ToldTick]:
    before = until
    while True:
        variables = {"selector": selector, "after": since, "before": before, "limit": TICKS_PER_PAGE}
        told = client.execute(_ticks_of(kind), variables)["told"]
        page = _read(client, kind, selector, told)
        yield from page
        oldest = min((one.began for one in page), default=since)
        if len(page) < TICKS_PER_PAGE or oldest >= before:
            return
        before = oldest


def _read(client: GraphQLClient, kind: str, selector: dict[str, str], told: dict[str, Any]) -> list[ToldTick]:
    name = selector[f"{kind}Name"]
    try:
        if "state" not in told:
            raise GraphQLError(f"the ticks of {kind} {name} are not known: {first_cause(told)}")
        return [
            ToldTick(name, float(one["timestamp"]), float(one["endTimestamp"] or one["timestamp"]))
            for one in told["state"]["ticks"]
        ]
    except NOT_AS_EXPECTED:
        raise NotGraphQLError(f"{client.url}: its answer is not that of a Dagster webserver") from None

"""The run history of a Dagster instance, as its webserver tells it.

Only fields are asked for that Dagster 1.8 to 1.13 share. Start and end are those of the run itself, to the
fraction of a second; its process exists a little longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel, FiniteFloat, TypeAdapter, ValidationError

from harness.errors import InputError
from harness.sizing.run_history import History, whole_runs
from harness.target.first_cause import one_line
from harness.target.graphql import GraphQLClient, GraphQLError, NotGraphQLError

RUNS_PER_PAGE = 500

_COLUMNS = ("start", "end", "location", "job", "status", "run_id")
_RUNS = """
query RunHistory($filter: RunsFilter!, $cursor: String, $limit: Int!) {
  runsOrError(filter: $filter, cursor: $cursor, limit: $limit) {
    __typename
    ... on Runs {
      results {
        runId jobName status startTime endTime
        repositoryOrigin { repositoryLocationName }
        tags { key value }
      }
    }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""


class _Origin(BaseModel):
    repositoryLocationName: str  # noqa: N815 - as GraphQL names it


class _Tag(BaseModel):
    key: str
    value: str


class ToldRun(BaseModel):
    """A run as GraphQL tells of it, with its names for things; instants in epoch seconds."""

    runId: str  # noqa: N815
    jobName: str  # noqa: N815
    status: str
    startTime: FiniteFloat | None  # noqa: N815
    endTime: FiniteFloat | None  # noqa: N815
    repositoryOrigin: _Origin | None  # noqa: N815
    tags: tuple[_Tag, ...] = ()

    @property
    def location(self) -> str:
        """Its code location; empty for a run that was not launched through one."""
        return "" if self.repositoryOrigin is None else self.repositoryOrigin.repositoryLocationName


_PAGE = TypeAdapter(list[ToldRun])


def read_instance_history(
    client: GraphQLClient, since_epoch_seconds: float, on_page: Callable[[int], None]
) -> History:
    """Whole runs created after an instant.

    Runs in progress, and those that never started, are left out. A run that was not launched through a code
    location, as by `dagster job execute`, has an empty location.

    Args:
        client: of the instance's webserver.
        since_epoch_seconds: the instant; not before 1970.
        on_page: called after each page with the number of runs read so far, those left out included.

    Raises:
        InputError: there is no whole run.
        GraphQLError: the webserver did not answer, or not with runs.
    """
    rows: list[tuple[Any, ...]] = []
    for page in pages_of_runs(client, {"createdAfter": since_epoch_seconds}):
        rows += [_row(run) for run in page]
        on_page(len(rows))
    if not rows:
        raise InputError(f"{client.url}: no runs in this time; ask for more of it with --days")
    return whole_runs(pd.DataFrame(rows, columns=list(_COLUMNS)), client.url)


def pages_of_runs(client: GraphQLClient, chosen: Mapping[str, Any]) -> Iterator[list[ToldRun]]:
    """Pages of runs, newest first; the cursor is the last run id of a page.

    Args:
        client: of the instance's webserver.
        chosen: which, as GraphQL type `RunsFilter`.

    Raises:
        GraphQLError: the webserver did not answer, or not with runs.
    """
    # Runs that end while we read move none of the others: pages go by the order of creation.
    variables: dict[str, Any] = {
        "filter": dict(chosen),
        "cursor": None,
        "limit": RUNS_PER_PAGE,
    }
    # Until a page is empty: a server may give fewer than asked for before the end.
    while page := _results(client.execute(_RUNS, variables).get("runsOrError")):
        if page[-1].runId == variables["cursor"]:
            raise NotGraphQLError("the same runs again on the next page")
        yield page
        variables["cursor"] = page[-1].runId


def _results(answer: Any) -> list[ToldRun]:
    kind = answer.get("__typename") if isinstance(answer, dict) else None
    if kind == "Runs":
        try:
            return _PAGE.validate_python(answer.get("results"))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "results"
            raise NotGraphQLError(f"runs as no Dagster tells of them: {where}: {first['msg']}") from None
    if kind is None:
        raise NotGraphQLError("no answer about runs")
    raise GraphQLError(one_line(f"{kind}: {answer.get('message', 'no message')}"))


def _row(run: ToldRun) -> tuple[Any, ...]:
    return (run.startTime, run.endTime, run.location, run.jobName, run.status, run.runId)

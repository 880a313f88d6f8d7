"""The code under test as its webserver shows it: what can be asked of it before, in and after a burst."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, ParamSpec, Protocol, TypeVar

import yaml

from harness.target.endpoint import Endpoint
from harness.target.first_cause import ERROR_FIELDS, first_cause, one_line
from harness.target.graphql import NOT_AS_EXPECTED, GraphQLError, JobSelector, NotGraphQLError
from harness.target.launchables import Launchable, Wanted, find_launchables
from harness.target.run_histories import RunHistory, run_histories, run_statuses, runs_in_progress
from harness.target.sensors import DaemonTick, Sensors
from harness.target.validation import validate_job, validate_tick

_RELOAD = f"""
mutation Reload($name: String!) {{
  reloadRepositoryLocation(repositoryLocationName: $name) {{
    __typename
    ... on WorkspaceLocationEntry {{
      locationOrLoadError {{ __typename ... on PythonError {{ {ERROR_FIELDS} }} }}
    }}
    ... on ReloadNotSupported {{ message }}
    ... on RepositoryLocationNotFound {{ message }}
    ... on PythonError {{ {ERROR_FIELDS} }}
  }}
}}
"""

_CANCEL = """
mutation Cancel($runId: String!) {
  terminateRun(runId: $runId, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) {
    __typename
    ... on PythonError { message }
  }
}
"""

Tag = tuple[str, str]
"""Key and value."""


_P = ParamSpec("_P")
_T = TypeVar("_T")


def _as_dagster_answers(ask: Callable[_P, _T]) -> Callable[_P, _T]:
    """What is asked, where an answer of another shape than Dagster's is a GraphQLError."""

    @functools.wraps(ask)
    def asked(*arguments: _P.args, **named: _P.kwargs) -> _T:
        try:
            return ask(*arguments, **named)
        except (*NOT_AS_EXPECTED, yaml.YAMLError) as error:
            what = one_line(f"{type(error).__name__}: {error}")
            raise NotGraphQLError(f"the webserver gave an answer as no Dagster does: {what}") from error

    return asked


class Target(Protocol):
    """What an experiment asks of the code under test; GraphQLError where the webserver gives no answer."""

    def find(self, wanted: Wanted) -> tuple[Launchable, ...]:
        """What is wanted as it is launched, for each partition in turn.

        Raises:
            CodeLocationError: it does not exist, or needs a partition.
        """
        ...

    def check_run(self, selector: JobSelector, run_config: Mapping[str, Any]) -> None:
        """Raise CodeLocationError unless the job or its assets take `run_config`."""
        ...

    def check_tick(self, kind: Literal["sensor", "schedule"], name: str) -> None:
        """Raise CodeLocationError unless the sensor or schedule exists and can be evaluated."""
        ...

    def statuses(self, tag: Tag) -> dict[str, str]:
        """Status of every run that carries `tag`, by run id; cheap enough to poll."""
        ...

    def histories(self, tag: Tag) -> list[RunHistory]:
        """Histories of all runs that carry `tag`, oldest first."""
        ...

    def in_progress(self) -> int:
        """Runs of the whole deployment that have begun and not ended."""
        ...

    def cancel(self, run_ids: Iterable[str]) -> None:
        """Mark runs as canceled at once, in this order, whether or not anything is left of them."""
        ...

    def reload(self) -> None:
        """Have the code location loaded again; returns when it is."""
        ...

    def start_sensors(self, names: Iterable[str]) -> None:
        """Have the daemon evaluate sensors by itself."""
        ...

    def stop_sensors(self) -> None:
        """Have it evaluate none of them any more."""
        ...

    def daemon_ticks(self, names: Iterable[str], since: float) -> list[DaemonTick]:
        """Evaluations of sensors by the daemon that began after `since`, in epoch seconds."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class GraphQLTarget:
    """A `Target` over GraphQL; not safe to share between threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client = endpoint.client()
        self._sensors = Sensors(self._client, endpoint)

    @_as_dagster_answers
    def find(self, wanted: Wanted) -> tuple[Launchable, ...]:
        """What is wanted as it is launched, for each partition in turn."""
        return find_launchables(self._client, self._endpoint, wanted)

    @_as_dagster_answers
    def check_run(self, selector: JobSelector, run_config: Mapping[str, Any]) -> None:
        """Raise CodeLocationError unless the job or its assets take `run_config`."""
        validate_job(self._client, selector, run_config)

    @_as_dagster_answers
    def check_tick(self, kind: Literal["sensor", "schedule"], name: str) -> None:
        """Raise CodeLocationError unless the sensor or schedule exists and can be evaluated."""
        validate_tick(self._client, self._endpoint.location, self._endpoint.repository, kind, name)

    @_as_dagster_answers
    def statuses(self, tag: Tag) -> dict[str, str]:
        """Status of every run that carries `tag`, by run id."""
        return run_statuses(self._client, tag)

    @_as_dagster_answers
    def histories(self, tag: Tag) -> list[RunHistory]:
        """Histories of all runs that carry `tag`, oldest first."""
        return run_histories(self._client, tag)

    @_as_dagster_answers
    def in_progress(self) -> int:
        """Runs of the whole deployment that have begun and not ended."""
        return runs_in_progress(self._client)

    @_as_dagster_answers
    def cancel(self, run_ids: Iterable[str]) -> None:
        """Mark runs as canceled at once, in this order."""
        for run_id in run_ids:
            self._client.execute(_CANCEL, {"runId": run_id})

    @_as_dagster_answers
    def reload(self) -> None:
        """Have the code location loaded again; returns when it is."""
        answer = self._client.execute(_RELOAD, {"name": self._endpoint.location})["reloadRepositoryLocation"]
        loaded = answer.get("locationOrLoadError") or answer
        if loaded["__typename"] != "RepositoryLocation":
            raise GraphQLError(f"the code location was not reloaded: {first_cause(loaded)}")

    @_as_dagster_answers
    def start_sensors(self, names: Iterable[str]) -> None:
        """Have the daemon evaluate sensors by itself."""
        self._sensors.start(names)

    @_as_dagster_answers
    def stop_sensors(self) -> None:
        """Have it evaluate none of them any more."""
        self._sensors.stop()

    @_as_dagster_answers
    def daemon_ticks(self, names: Iterable[str], since: float) -> list[DaemonTick]:
        """Evaluations of sensors by the daemon that began after `since`, in epoch seconds."""
        return self._sensors.ticks(names, since)

    def close(self) -> None:
        """End the connection."""
        self._client.close()

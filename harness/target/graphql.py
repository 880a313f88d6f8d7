"""The one GraphQL client the harness talks to dagster-webserver with.

Only what is the same in Dagster 1.8 to 1.13 is asked for. Queries live with their users; this file holds
the transport and the documents that more than one package needs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import requests

from harness.target.first_cause import ERROR_FIELDS, one_line
from harness.web_session import web_session

LAUNCH_RUN = f"""
mutation Launch($params: ExecutionParams!) {{
  launchRun(executionParams: $params) {{
    __typename
    ... on LaunchRunSuccess {{ run {{ runId status }} }}
    ... on RunConfigValidationInvalid {{ errors {{ message }} }}
    ... on PipelineNotFoundError {{ message }}
    ... on ConflictingExecutionParamsError {{ message }}
    ... on RunConflict {{ message }}
    ... on UnauthorizedError {{ message }}
    ... on PythonError {{ {ERROR_FIELDS} }}
  }}
}}
"""


_EVALUATION = f"""
      timestamp
      evaluationResult {{
        skipReason
        runRequests {{ runKey }}
        error {{ {ERROR_FIELDS} }}
      }}
"""

SENSOR_DRY_RUN = f"""
mutation Tick($selector: SensorSelector!) {{
  sensorDryRun(selectorData: $selector, cursor: null) {{
    __typename
    ... on DryRunInstigationTick {{ {_EVALUATION} }}
    ... on PythonError {{ {ERROR_FIELDS} }}
    ... on SensorNotFoundError {{ message }}
  }}
}}
"""

SCHEDULE_DRY_RUN = f"""
mutation Tick($selector: ScheduleSelector!, $timestamp: Float) {{
  scheduleDryRun(selectorData: $selector, timestamp: $timestamp) {{
    __typename
    ... on DryRunInstigationTick {{ {_EVALUATION} }}
    ... on PythonError {{ {ERROR_FIELDS} }}
    ... on ScheduleNotFoundError {{ message }}
  }}
}}
"""


NOT_AS_EXPECTED = (LookupError, TypeError, ValueError, AttributeError)
"""What comes of reading an answer that is JSON, but not of the shape that was asked for."""


class GraphQLError(Exception):
    """The server could not be reached, or refused the query; the text says which."""


class UnreachableError(GraphQLError):
    """No connection, or no answer in time."""


class AccessRefusedError(GraphQLError):
    """The server wants a token, or another one."""


class NotGraphQLError(GraphQLError):
    """Something answered that does not speak GraphQL."""


@dataclass(frozen=True)
class JobSelector:
    """Names one job of one code location, or some of its assets."""

    location: str
    repository: str
    job: str
    assets: tuple[tuple[str, ...], ...] = ()
    """Paths of the assets that are materialized; none for the whole job."""

    def as_repository(self) -> dict[str, str]:
        """As GraphQL type `RepositorySelector`."""
        return {"repositoryLocationName": self.location, "repositoryName": self.repository}

    def as_job(self) -> dict[str, Any]:
        """As GraphQL type `JobOrPipelineSelector`."""
        return {**self.as_repository(), "jobName": self.job, **self._selected()}

    def as_pipeline(self) -> dict[str, Any]:
        """As GraphQL type `PipelineSelector`."""
        return {**self.as_repository(), "pipelineName": self.job, **self._selected()}

    def _selected(self) -> dict[str, Any]:
        return {"assetSelection": [{"path": list(path)} for path in self.assets]} if self.assets else {}


def launch_variables(
    selector: JobSelector, run_config: Mapping[str, Any], tags: Mapping[str, str]
) -> dict[str, Any]:
    """Variables for `LAUNCH_RUN`."""
    return {
        "params": {
            "selector": selector.as_job(),
            "runConfigData": dict(run_config),
            "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
        }
    }


def tick_variables(
    kind: Literal["sensor", "schedule"], location: str, repository: str, name: str
) -> dict[str, Any]:
    """Variables for `SENSOR_DRY_RUN` or `SCHEDULE_DRY_RUN`."""
    selector = {
        "repositoryLocationName": location,
        "repositoryName": repository,
        f"{kind}Name": name,
    }
    # A schedule is evaluated for an instant, a sensor is not.
    return {"selector": selector} | ({"timestamp": time.time()} if kind == "schedule" else {})


class GraphQLClient:
    """Synchronous client with one keep-alive connection; not safe to share between threads."""

    def __init__(
        self,
        url: str,
        timeout_seconds: float = 30.0,
        headers: Mapping[str, str] | None = None,
        through_proxy: bool = False,
    ) -> None:
        """Prepare a client; it connects when it is first used.

        Args:
            url: of the endpoint itself.
            timeout_seconds: to connect, and between two pieces of an answer.
            headers: sent with every request, such as a token; their values are never shown.
            through_proxy: whether the environment's proxy and certificates count, as for a remote server.
        """
        self.url = url
        self._timeout_seconds = timeout_seconds
        self._secrets = tuple(value for value in (headers or {}).values() if value)
        self._session = web_session(headers or {}, through_proxy)

    def execute(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run `document` and return its `data`.

        Raises:
            UnreachableError: no connection, or time-out.
            AccessRefusedError: the server wants a token, or another one.
            NotGraphQLError: what answers is no GraphQL server.
            GraphQLError: errors in the answer.
        """
        sent = {"query": document, "variables": dict(variables or {})}
        # What only asks may be asked again; whether what changes something has arrived, nobody knows.
        asks = not document.lstrip().startswith("mutation")
        try:
            response = self._post(sent, once_more=asks)
        except requests.exceptions.InvalidHeader:
            # The error's own text holds the value of the header.
            raise GraphQLError(
                f"no GraphQL answer from {self.url}: a header has characters that none may have"
            ) from None
        except (requests.RequestException, ValueError) as error:
            raise UnreachableError(self._line(f"no GraphQL answer from {self.url}: {error}")) from error
        body = self._body(response)
        if errors := body.get("errors"):
            first = errors[0] if isinstance(errors, list) else errors
            raise GraphQLError(self._line(_message(first)))
        data = body.get("data")
        if not isinstance(data, dict):
            raise NotGraphQLError(f"no GraphQL answer from {self.url}: JSON without data")
        return data

    def _post(self, sent: Mapping[str, Any], once_more: bool) -> requests.Response:
        """The answer; a kept connection may be closed by the server, or a proxy, just as it is used."""
        try:
            # A redirect that was followed would hand the token to whatever host it names.
            return self._session.post(
                self.url, json=sent, timeout=self._timeout_seconds, allow_redirects=False
            )
        except requests.ConnectionError as error:
            if not once_more or isinstance(error, requests.ConnectTimeout):
                raise
            return self._post(sent, once_more=False)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _body(self, response: requests.Response) -> dict[str, Any]:
        if response.status_code in (401, 403):
            raise AccessRefusedError(f"{self.url} refuses access (HTTP {response.status_code})")
        what = f"HTTP {response.status_code}"
        if response.is_redirect:
            # The query of such an address may hold what a login page is to be told.
            address = response.headers["location"].split("?")[0]
            raise NotGraphQLError(self._line(f"no GraphQL answer from {self.url}: {what} leads to {address}"))
        try:
            body = response.json()
        except ValueError:
            kind = response.headers.get("content-type", "nothing").split(";")[0]
            raise NotGraphQLError(
                self._line(f"no GraphQL answer from {self.url}: {what} with {kind} instead of JSON")
            ) from None
        if not isinstance(body, dict):
            raise NotGraphQLError(f"no GraphQL answer from {self.url}: {what} with JSON that is no object")
        return body

    def _line(self, text: str) -> str:
        return one_line(self._without_secrets(text))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _message(error: Any) -> str:
    return str(error.get("message", error) if isinstance(error, dict) else error)

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

LAUNCH_RUN = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId status } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PipelineNotFoundError { message }
    ... on ConflictingExecutionParamsError { message }
    ... on RunConflict { message }
    ... on UnauthorizedError { message }
    ... on PythonError { message }
  }
}
"""


_EVALUATION = """
      timestamp
      evaluationResult {
        skipReason
        runRequests { runKey }
        error { message }
      }
"""

SENSOR_DRY_RUN = f"""
mutation Tick($selector: SensorSelector!) {{
  sensorDryRun(selectorData: $selector, cursor: null) {{
    __typename
    ... on DryRunInstigationTick {{ {_EVALUATION} }}
    ... on PythonError {{ message }}
    ... on SensorNotFoundError {{ message }}
  }}
}}
"""

SCHEDULE_DRY_RUN = f"""
mutation Tick($selector: ScheduleSelector!, $timestamp: Float) {{
  scheduleDryRun(selectorData: $selector, timestamp: $timestamp) {{
    __typename
    ... on DryRunInstigationTick {{ {_EVALUATION} }}
    ... on PythonError {{ message }}
    ... on ScheduleNotFoundError {{ message }}
  }}
}}
"""


class GraphQLError(Exception):
    """The server could not be reached, or refused the query; the text says which."""


@dataclass(frozen=True)
class JobSelector:
    """Names one job of one code location."""

    location: str
    repository: str
    job: str

    def as_job(self) -> dict[str, str]:
        """As GraphQL type `JobOrPipelineSelector`."""
        return {
            "repositoryLocationName": self.location,
            "repositoryName": self.repository,
            "jobName": self.job,
        }

    def as_pipeline(self) -> dict[str, str]:
        """As GraphQL type `PipelineSelector`."""
        return {
            "repositoryLocationName": self.location,
            "repositoryName": self.repository,
            "pipelineName": self.job,
        }


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

    def __init__(self, url: str, timeout_seconds: float = 30.0) -> None:
        self.url = url
        self._timeout_seconds = timeout_seconds
        self._session = requests.Session()
        # A proxy from the environment must never stand between us and 127.0.0.1.
        self._session.trust_env = False

    def execute(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run `document` and return its `data`.

        Raises:
            GraphQLError: no connection, time-out, or errors in the answer.
        """
        try:
            response = self._session.post(
                self.url,
                json={"query": document, "variables": dict(variables or {})},
                timeout=self._timeout_seconds,
            )
            body = response.json()
        except (requests.RequestException, ValueError) as error:
            raise GraphQLError(f"no GraphQL answer from {self.url}: {error}") from error
        if body.get("errors"):
            first = body["errors"][0]
            raise GraphQLError(str(first.get("message", first)))
        data: dict[str, Any] = body["data"]
        return data

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

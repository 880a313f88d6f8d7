"""Asking a code server, through its webserver, whether it is ready and whether a job would run."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable
from typing import Any, Literal

from harness.errors import CodeLocationError, ExperimentError
from harness.target.graphql import (
    SCHEDULE_DRY_RUN,
    SENSOR_DRY_RUN,
    GraphQLClient,
    GraphQLError,
    JobSelector,
    tick_variables,
)

POLL_SECONDS = 0.2

_WORKSPACE = """
query Workspace {
  workspaceOrError {
    __typename
    ... on PythonError { message }
    ... on Workspace {
      locationEntries {
        name
        loadStatus
        locationOrLoadError {
          __typename
          ... on PythonError { message cause { message } causes { message } }
          ... on RepositoryLocation { repositories { name } }
        }
      }
    }
  }
}
"""

_DAEMONS = """
query Daemons { instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } } }
"""

_JOBS = """
query Jobs($selector: RepositorySelector!) {
  repositoryOrError(repositorySelector: $selector) {
    __typename
    ... on Repository { jobs { name } }
  }
}
"""

_VALID = """
query Valid($pipeline: PipelineSelector!, $config: RunConfigData) {
  isPipelineConfigValid(pipeline: $pipeline, mode: "default", runConfigData: $config) {
    __typename
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on PythonError { message }
  }
}
"""


def wait_for_location(url: str, timeout: float, check: Callable[[], None]) -> tuple[str, str]:
    """Wait until the webserver has loaded the code location; returns its name and its repository.

    Raises:
        CodeLocationError: the code does not import, or has several repositories.
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
            except GraphQLError as error:
                last = str(error)
                entry = None
            if entry is not None and entry["locationOrLoadError"]:
                loaded = entry["locationOrLoadError"]
                if loaded["__typename"] == "RepositoryLocation":
                    return entry["name"], _only_repository(loaded)
                last = error_line(loaded)
                if not _not_yet_reachable(last):
                    raise CodeLocationError(f"location: the code does not import: {last}")
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
    try:
        while time.monotonic() < deadline:
            check()
            statuses = client.execute(_DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
            if any(s["daemonType"] == "QUEUED_RUN_COORDINATOR" and s["healthy"] for s in statuses):
                return
            time.sleep(POLL_SECONDS)
    finally:
        client.close()
    raise ExperimentError(f"dagster-daemon was not healthy after {timeout:g}s; raise timeouts.start")


def validate_job(url: str, selector: JobSelector, run_config: dict[str, Any]) -> None:
    """Check that a job exists and takes `run_config`, before any load.

    Raises:
        CodeLocationError: it does not; one line that says what would.
    """
    client = GraphQLClient(url)
    try:
        variables = {"pipeline": selector.as_pipeline(), "config": run_config}
        answer = client.execute(_VALID, variables)["isPipelineConfigValid"]
        kind = answer["__typename"]
        if kind == "PipelineConfigValidationValid":
            return
        if kind == "RunConfigValidationInvalid":
            first = " ".join(answer["errors"][0]["message"].split())
            more = len(answer["errors"]) - 1
            rest = f" (and {more} more)" if more else ""
            raise CodeLocationError(f"workloads: run_config of job {selector.job}: {first}{rest}")
        if kind == "PipelineNotFoundError":
            raise CodeLocationError(_unknown_job(client, selector))
        raise CodeLocationError(f"workloads: job {selector.job}: {error_line(answer)}")
    finally:
        client.close()


def validate_tick(
    url: str, location: str, repository: str, kind: Literal["sensor", "schedule"], name: str
) -> None:
    """Check that a sensor or schedule exists and can be evaluated, before any load.

    Raises:
        CodeLocationError: it does not; one line that says why.
    """
    client = GraphQLClient(url)
    document = SENSOR_DRY_RUN if kind == "sensor" else SCHEDULE_DRY_RUN
    try:
        answer = client.execute(document, tick_variables(kind, location, repository, name))[f"{kind}DryRun"]
        error = (answer.get("evaluationResult") or {}).get("error")
        if error:
            raise CodeLocationError(f"workloads: {kind} {name}: its evaluation failed: {error_line(error)}")
        if answer["__typename"] != "DryRunInstigationTick":
            raise CodeLocationError(f"workloads: {kind} {name}: {error_line(answer)}")
    except GraphQLError as error:
        raise CodeLocationError(
            f"workloads: {kind} {name} cannot be evaluated ({error}); name one that the location has"
        ) from None
    finally:
        client.close()


def error_line(error: dict[str, Any]) -> str:
    """The innermost message of a Dagster error, on one line: the exception that the user wrote about."""
    causes = [c for c in error.get("causes") or () if c] or [c for c in (error.get("cause"),) if c]
    lines = [line.strip() for line in str((causes or [error])[-1]["message"]).splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def _entry(data: dict[str, Any]) -> dict[str, Any] | None:
    entries = data["workspaceOrError"].get("locationEntries") or [None]
    first: dict[str, Any] | None = entries[0]
    return first


def _only_repository(loaded: dict[str, Any]) -> str:
    names = [repository["name"] for repository in loaded["repositories"]]
    if len(names) == 1:
        return str(names[0])
    found = ", ".join(names) or "none"
    raise CodeLocationError(
        f"location.attribute: the code has not exactly one repository ({found}); name the Definitions object"
    )


def _not_yet_reachable(message: str) -> bool:
    signs = ("UNAVAILABLE", "Could not reach", "failed to connect", "Connection refused", "DEADLINE_EXCEEDED")
    return any(sign in message for sign in signs)


def _unknown_job(client: GraphQLClient, selector: JobSelector) -> str:
    repository = {
        "repositoryName": selector.repository,
        "repositoryLocationName": selector.location,
    }
    answer = client.execute(_JOBS, {"selector": repository})["repositoryOrError"]
    names = sorted(job["name"] for job in answer.get("jobs", ()) if not job["name"].startswith("__"))
    close = difflib.get_close_matches(selector.job, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return (
        f"workloads: job {selector.job} does not exist; the location has {', '.join(names) or 'none'}{hint}"
    )

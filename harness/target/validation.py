"""Asking a code server, through its webserver, whether a job or a tick would run: before any load."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Literal

from harness.errors import CodeLocationError
from harness.target.first_cause import ERROR_FIELDS, first_cause
from harness.target.graphql import (
    SCHEDULE_DRY_RUN,
    SENSOR_DRY_RUN,
    GraphQLClient,
    GraphQLError,
    JobSelector,
    tick_variables,
)

_JOBS = """
query Jobs($selector: RepositorySelector!) {
  repositoryOrError(repositorySelector: $selector) {
    __typename
    ... on Repository { jobs { name } }
  }
}
"""

# The plan, and not only the config's types: it is made in the code server, as at a launch, and resolves what
# the config stands for, such as environment variables.
_PLAN = f"""
query Plan($pipeline: PipelineSelector!, $config: RunConfigData) {{
  executionPlanOrError(pipeline: $pipeline, mode: "default", runConfigData: $config) {{
    __typename
    ... on RunConfigValidationInvalid {{ errors {{ message }} }}
    ... on PipelineNotFoundError {{ message }}
    ... on InvalidSubsetError {{ message }}
    ... on PythonError {{ {ERROR_FIELDS} }}
  }}
}}
"""


def validate_job(client: GraphQLClient, selector: JobSelector, run_config: Mapping[str, Any]) -> None:
    """Check that a job exists and takes `run_config`, before any load.

    Raises:
        CodeLocationError: it does not; one line that says what would.
    """
    variables = {"pipeline": selector.as_pipeline(), "config": dict(run_config)}
    answer = client.execute(_PLAN, variables)["executionPlanOrError"]
    kind = answer["__typename"]
    if kind == "ExecutionPlan":
        return
    if kind == "RunConfigValidationInvalid":
        first = " ".join(answer["errors"][0]["message"].split())
        more = len(answer["errors"]) - 1
        rest = f" (and {more} more)" if more else ""
        raise CodeLocationError(f"workloads: run_config of job {selector.job}: {first}{rest}")
    if kind == "PipelineNotFoundError":
        raise CodeLocationError(_unknown_job(client, selector))
    raise CodeLocationError(f"workloads: job {selector.job}: {first_cause(answer)}")


def validate_tick(
    client: GraphQLClient, location: str, repository: str, kind: Literal["sensor", "schedule"], name: str
) -> None:
    """Check that a sensor or schedule exists and can be evaluated, before any load.

    Raises:
        CodeLocationError: it does not; one line that says why.
    """
    document = SENSOR_DRY_RUN if kind == "sensor" else SCHEDULE_DRY_RUN
    try:
        answer = client.execute(document, tick_variables(kind, location, repository, name))[f"{kind}DryRun"]
        error = (answer.get("evaluationResult") or {}).get("error")
        if error:
            raise CodeLocationError(f"workloads: {kind} {name}: its evaluation failed: {first_cause(error)}")
        if answer["__typename"] != "DryRunInstigationTick":
            raise CodeLocationError(f"workloads: {kind} {name}: {first_cause(answer)}")
    except GraphQLError as error:
        raise CodeLocationError(
            f"workloads: {kind} {name} cannot be evaluated ({error}); name one that the location has"
        ) from None


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

"""Asking a code server, through its webserver, whether a job or a tick would run: before any load."""

from __future__ import annotations

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
from harness.target.launchables import unknown_job

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
    """Check that a job, or its assets, exist and take `run_config`, before any load.

    Raises:
        CodeLocationError: it does not; one line that says what would.
    """
    variables = {"pipeline": selector.as_pipeline(), "config": dict(run_config)}
    answer = client.execute(_PLAN, variables)["executionPlanOrError"]
    kind = answer["__typename"]
    what = ", ".join("/".join(path) for path in selector.assets) or f"job {selector.job}"
    if kind == "ExecutionPlan":
        return
    if kind == "RunConfigValidationInvalid":
        first = " ".join(answer["errors"][0]["message"].split())
        more = len(answer["errors"]) - 1
        rest = f" (and {more} more)" if more else ""
        raise CodeLocationError(f"workloads: run_config of {what}: {first}{rest}")
    if kind == "PipelineNotFoundError":
        raise CodeLocationError(unknown_job(client, selector))
    raise CodeLocationError(f"workloads: {what}: {first_cause(answer)}")


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

"""What the load generator sends: launches of runs, and ticks. Light enough for the Locust process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.target.graphql import (
    LAUNCH_RUN,
    SCHEDULE_DRY_RUN,
    SENSOR_DRY_RUN,
    JobSelector,
    launch_variables,
    tick_variables,
)

Kind = Literal["launch", "sensor", "schedule"]

DOCUMENTS: dict[Kind, str] = {"launch": LAUNCH_RUN, "sensor": SENSOR_DRY_RUN, "schedule": SCHEDULE_DRY_RUN}
FIELDS: dict[Kind, str] = {"launch": "launchRun", "sensor": "sensorDryRun", "schedule": "scheduleDryRun"}
"""Field of the answer that holds the result."""


@dataclass(frozen=True)
class Request:
    """One thing to send."""

    kind: Kind
    variables: dict[str, Any]


def launch(selector: JobSelector, run_config: Mapping[str, Any], tags: Mapping[str, str]) -> Request:
    """A launch of a run."""
    return Request("launch", launch_variables(selector, run_config, tags))


def tick(kind: Literal["sensor", "schedule"], location: str, repository: str, name: str) -> Request:
    """One evaluation of a sensor or schedule in the code server; nothing is launched by it."""
    return Request(kind, tick_variables(kind, location, repository, name))

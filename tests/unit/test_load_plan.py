"""What a burst fires: partitions in turn, tags, and run config over that of the partition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.experiment.load_plan import load_plan, merged
from harness.experiment.plan import PlannedBurst
from harness.scenario.cells import cells_of
from harness.scenario.model import Scenario
from harness.target.endpoint import Endpoint
from harness.target.graphql import JobSelector
from harness.target.launchables import Launchable

HERE = Endpoint("http://127.0.0.1:1/graphql", "shop", "__repository__")


def fired(workload: dict[str, Any], order: int, level: int, *partitions: str) -> list[dict[str, Any]]:
    """The parameters of each launch of a burst."""
    scenario = Scenario.model_validate(
        {"name": "x", "location": {"python_file": Path("code.py")}, "workloads": [workload]}
    )
    [cell] = cells_of(scenario)
    selector = JobSelector("shop", "__repository__", "daily")
    kind = tuple(Launchable(selector, {"ops": {"a": {"day": key}}}, {"day": key}) for key in partitions)
    burst = PlannedBurst(order, "measure", level, 0)
    plan = load_plan(scenario, cell, HERE, (kind,), burst, 1.0, ("burst", "7"))
    return [request.variables["params"] for request in plan.requests]


def tags(params: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["value"] for one in params["executionMetadata"]["tags"]}


def test_runs_take_one_partition_after_another() -> None:
    first = [tags(one)["day"] for one in fired({"job": "daily"}, 0, 4, "a", "b", "c")]
    second = [tags(one)["day"] for one in fired({"job": "daily"}, 1, 2, "a", "b", "c")]
    assert (first, second) == (["a", "b", "c", "a"], ["b", "c"])


def test_runs_carry_the_tags_of_partition_scenario_and_burst() -> None:
    [one] = fired({"job": "daily", "tags": {"team": "data"}}, 0, 1, "a")
    assert tags(one) == {"day": "a", "team": "data", "burst": "7"}


def test_run_config_goes_over_that_of_the_partition() -> None:
    [one] = fired({"job": "daily", "run_config": {"ops": {"b": 1}}}, 0, 1, "a")
    assert one["runConfigData"] == {"ops": {"a": {"day": "a"}, "b": 1}}
    assert merged({"x": {"y": 1, "z": 2}}, {"x": {"y": 3}}) == {"x": {"y": 3, "z": 2}}
    assert merged({"x": {"y": 1}}, {"x": 2}) == {"x": 2}

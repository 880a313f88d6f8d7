"""Evaluations of sensors and schedules, as a webserver tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from harness.campaign.observation import Wanted, with_ticks_told
from harness.target import tick_history
from harness.target.graphql import GraphQLClient, GraphQLError
from harness.target.tick_history import KEPT_SECONDS, location_ticks
from tests.unit.scripted_instance import ScriptedInstance, scripted_instance

BEGAN = 1_790_000_000.0


@pytest.fixture
def instance() -> Iterator[ScriptedInstance]:
    with scripted_instance(()) as server:
        yield server


def told(instance: ScriptedInstance, locations: tuple[str, ...] = (), seconds: float = 86400.0) -> Any:
    client = GraphQLClient(f"{instance.url}/graphql", 10)
    try:
        return location_ticks(client, locations, BEGAN, BEGAN + seconds, lambda _: None)
    finally:
        client.close()


def test_all_pages_of_all_sensors_are_read_once(instance: ScriptedInstance) -> None:
    many = BEGAN + 1 + 30.0 * np.arange(2500)
    instance.ticks = {"often": many.tolist(), "twice": [BEGAN + 100.5, BEGAN + 200.5], "never": []}
    found = told(instance)
    assert len(found) == 2502
    assert [one.began for one in found] == sorted([*many, BEGAN + 100.5, BEGAN + 200.5])
    assert found[0].ended == found[0].began + 0.5
    assert instance.asked == 1 + 3 + 1 + 1


def test_only_the_time_and_the_locations_that_are_asked_for(instance: ScriptedInstance) -> None:
    instance.ticks = {"sensor": [BEGAN - 5, BEGAN + 5, BEGAN + 100]}
    assert [one.began for one in told(instance, ("here",), 50)] == [BEGAN + 5]
    assert told(instance, ("elsewhere",)) == ()


def test_more_than_dagster_keeps_or_anybody_reads_is_not_known(
    instance: ScriptedInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.ticks = {"sensor": [BEGAN + 5, BEGAN + 6]}
    assert told(instance, seconds=KEPT_SECONDS + 1) is None
    assert instance.asked == 0
    monkeypatch.setattr(tick_history, "MOST_TICKS", 1)
    assert told(instance) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"__typename": "PythonError", "message": "no storage"},
        {"state": {"ticks": [{"timestamp": None}]}},
        {"state": 5},
    ],
)
def test_odd_answers_are_one_line(
    instance: ScriptedInstance, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    instance.ticks = {"sensor": [BEGAN + 5]}
    monkeypatch.setattr(instance, "_ticks", lambda _variables: answer)
    with pytest.raises(GraphQLError) as caught:
        told(instance)
    assert len(str(caught.value).splitlines()) == 1


def test_a_webserver_that_does_not_tell_costs_nothing_but_the_ticks(
    instance: ScriptedInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        instance, "_workspace", lambda: {"__typename": "UnauthorizedError"} | {"locationEntries": 5}
    )
    said: list[str] = []
    wanted = Wanted("here", (), BEGAN, BEGAN + 60, source="made", select="", name="made")
    client = GraphQLClient(f"{instance.url}/graphql", 10)
    assert with_ticks_told(wanted, client, said.append) == wanted
    client.close()
    assert said[0].startswith("what sensors cost is not told apart: ")

"""What an experiment's webserver answers is never taken on trust: whatever is wrong with it is said."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.errors import CodeLocationError
from harness.target.graphql import GraphQLClient, GraphQLError
from harness.target.launchables import Wanted
from harness.target.target import GraphQLTarget
from tests.unit import test_target_launchables as launchables
from tests.unit.test_mutated_inputs import mutated_json

RECORDED = sorted((Path(__file__).parents[1] / "fixtures" / "histories").glob("*.json"))
TAG = ("burst", "t1")


class Odd:
    """Answers every question as Dagster does, but for one value of one answer."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._recorded = json.loads(chance.choice(RECORDED).read_text())
        self._left = chance.randrange(4)
        """Answers that are still as they should be."""

    def answer(
        self, _client: GraphQLClient, document: str, variables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        right = copy.deepcopy(self._right(document, variables or {}))
        self._left -= 1
        if self._left != -1:
            return right
        odd: dict[str, Any] = mutated_json(right, self._chance)
        return odd

    def _right(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if "logsForRun" in document:
            events = self._recorded["events"][variables["runId"]]
            page = {"__typename": "EventConnection", "events": events, "cursor": "1", "hasMore": False}
            return {"logsForRun": page}
        if "runsOrError" in document:
            return {"runsOrError": {"__typename": "Runs", "results": self._recorded["runs"]}}
        if "reloadRepositoryLocation" in document:
            loaded = {"__typename": "RepositoryLocation"}
            entry = {"__typename": "WorkspaceLocationEntry", "locationOrLoadError": loaded}
            return {"reloadRepositoryLocation": entry}
        return launchables.Webserver().execute(document, variables)


@pytest.mark.parametrize("seed", range(200))
def test_an_odd_answer_is_an_error_of_its_own_kind(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(f"target {seed}")
    monkeypatch.setattr(GraphQLClient, "execute", Odd(chance).answer)
    target = GraphQLTarget(launchables.HERE)
    ask = (
        lambda: target.histories(TAG),
        lambda: target.statuses(TAG),
        target.in_progress,
        target.reload,
        lambda: target.find(Wanted(job="plain")),
        lambda: target.find(Wanted(job="daily", partitions=("2026-01-03",))),
        lambda: target.find(Wanted(assets=("mart/sales",), partitions=("2026-01-03",))),
    )
    said = ""
    try:
        chance.choice(ask)()
    except (GraphQLError, CodeLocationError) as error:
        said = str(error)
    target.close()
    assert len(said) < 1000
    assert "\n" not in said


def test_more_events_that_never_come_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    page = {"__typename": "EventConnection", "events": [], "cursor": "1", "hasMore": True}
    run = {"runId": "r", "jobName": "j", "status": "SUCCESS"}
    answers = {"runsOrError": {"__typename": "Runs", "results": [run]}, "logsForRun": page}
    monkeypatch.setattr(GraphQLClient, "execute", lambda *_arguments: answers)
    target = GraphQLTarget(launchables.HERE)
    with pytest.raises(GraphQLError, match="more events are promised"):
        target.histories(TAG)
    target.close()

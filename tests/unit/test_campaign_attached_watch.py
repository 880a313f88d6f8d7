"""When a load on a deployment of others holds back, and when it stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from harness.campaign.attached import check_levels
from harness.campaign.attached_watch import Bounds, DeploymentWatch
from harness.errors import InputError, MachineError
from harness.experiment.attached import TAG, StoppedError
from harness.metrics.source import Abilities, Instance, Kind, Readings, Say
from harness.scenario.model import ELSEWHERE, Scenario
from harness.target.graphql import GraphQLError
from tests.unit.scripted_world import EPOCH, ScriptedClock

MIB = 2**20
INTERVAL = 10.0


@dataclass
class ScriptedMetrics:
    """A container whose memory is what it is told, read every ten seconds until it ends."""

    clock: ScriptedClock
    memory: float = 400.0
    """In MiB, from now on."""
    limit: float | None = 1000.0
    until: float = float("inf")
    """No reading comes after it."""
    containers: int = 1
    began: float | None = None
    """None where its start is not known: then its first reading is."""
    kind: Kind = "point"
    silent: bool = False
    told: dict[float, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "script"

    def read(self, since: float, until: float, say: Say) -> tuple[tuple[Instance, ...], Abilities]:
        if self.silent:
            raise MachineError("script: no answer")
        for at in np.arange(since // INTERVAL * INTERVAL, min(until, self.until) + 0.1, INTERVAL):
            self.told.setdefault(float(at), self.memory)
        at = np.array([one for one in sorted(self.told) if since <= one <= until])
        values = MIB * np.array([self.told[one] for one in at])
        limit = None if self.limit is None else Readings(np.zeros(1), np.array([self.limit * MIB]))
        if not len(at):
            return (), Abilities(self.kind, 0.0, "measured", INTERVAL)
        lives = tuple(
            Instance(
                f"etl-{n}",
                self.began or at[0],
                float("inf"),
                {"working_set_bytes": Readings(at, values)},
                limit,
            )
            for n in range(self.containers)
        )
        return lives, Abilities(self.kind, 0.0, "measured", INTERVAL)


@dataclass
class ScriptedRuns:
    """A webserver that tells of runs: a status, and a tag of ours for those that are."""

    runs: list[tuple[str, str, bool]] = field(default_factory=list)
    silent: bool = False
    url: str = "script"

    def execute(self, _query: str, variables: dict[str, Any]) -> dict[str, Any]:
        if self.silent:
            raise GraphQLError("no answer")
        chosen = [] if variables["cursor"] else [run for run in self.runs if self._is(run, variables)]
        return {"runsOrError": {"__typename": "Runs", "results": [_told(*run) for run in chosen]}}

    def _is(self, run: tuple[str, str, bool], variables: dict[str, Any]) -> bool:
        return run[1] in variables["filter"]["statuses"]


def _told(run_id: str, status: str, ours: bool) -> dict[str, Any]:
    return {
        "runId": run_id,
        "jobName": "nightly",
        "status": status,
        "startTime": EPOCH,
        "endTime": EPOCH + 3600 if status == "FAILURE" else None,
        "repositoryOrigin": {"repositoryLocationName": "here"},
        "tags": [{"key": TAG, "value": "mine-0"}] if ours else [],
    }


@dataclass
class Scene:
    """A watch and all that it looks at."""

    clock: ScriptedClock = field(default_factory=ScriptedClock)
    runs: ScriptedRuns = field(default_factory=ScriptedRuns)

    def __post_init__(self) -> None:
        self.metrics = ScriptedMetrics(self.clock)

    def watch(self, highest: int = 6, stop_above: float | None = None) -> DeploymentWatch:
        bounds = Bounds(highest, stop_above)
        return DeploymentWatch(self.metrics, self.runs, bounds, "mine", self.clock)  # type: ignore[arg-type]

    def passes(self, watch: DeploymentWatch, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.clock.sleep(1.0)
            watch.look()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_deployment_that_is_well_is_left_alone(scene: Scene) -> None:
    watch = scene.watch()
    assert watch.interval == INTERVAL
    assert watch.stop_above == 800 * MIB
    scene.passes(watch, 300)
    assert watch.room(6)


def test_it_stops_above_80_percent_of_the_limit(scene: Scene) -> None:
    watch = scene.watch()
    scene.metrics.memory = 801
    with pytest.raises(StoppedError, match=r"memory was 801 MiB at .* stop above 800 MiB"):
        scene.passes(watch, 30)


def test_it_stops_above_what_it_is_told(scene: Scene) -> None:
    watch = scene.watch(stop_above=500 * MIB)
    scene.metrics.memory = 501
    with pytest.raises(StoppedError, match="stop above 500 MiB"):
        scene.passes(watch, 30)


def test_more_runs_than_memory_has_room_for_by_what_fewer_took_are_not_launched(scene: Scene) -> None:
    watch = scene.watch()
    assert watch.room(2)
    scene.metrics.memory = 600
    scene.passes(watch, 40)
    watch.held(2)  # 100 MiB each
    scene.metrics.memory = 400
    scene.passes(watch, 40)
    assert watch.room(4)
    with pytest.raises(StoppedError, match="5 runs would take about 900 MiB, by what fewer took"):
        watch.room(5)


def test_runs_of_others_take_of_the_room_and_are_counted(scene: Scene) -> None:
    watch = scene.watch(highest=4)
    scene.runs.runs = [("a", "STARTED", False), ("b", "STARTED", False), ("c", "STARTED", True)]
    assert watch.room(2)
    assert not watch.room(3)
    scene.passes(watch, 30)
    assert watch.foreign_runs == 2


def test_it_stops_when_a_run_of_others_fails(scene: Scene) -> None:
    watch = scene.watch()
    scene.runs.runs = [("ours", "FAILURE", True)]
    scene.passes(watch, 30)
    scene.runs.runs.append(("theirs", "FAILURE", False))
    with pytest.raises(StoppedError, match="run theirs of nightly, which is not ours, failed"):
        scene.passes(watch, 30)


def test_it_stops_when_readings_end(scene: Scene) -> None:
    watch = scene.watch()
    scene.metrics.until = scene.clock.now()
    scene.passes(watch, 50)
    with pytest.raises(StoppedError, match="no reading for 60s"):
        scene.passes(watch, 30)


def test_it_stops_when_the_server_was_started_anew(scene: Scene) -> None:
    watch = scene.watch()
    scene.clock.sleep(5.0)
    scene.metrics.began = scene.clock.now()
    with pytest.raises(StoppedError, match="etl-0 was started anew at"):
        scene.passes(watch, 30)


def test_a_source_or_a_webserver_may_be_silent_for_a_while_only(scene: Scene) -> None:
    watch = scene.watch()
    scene.metrics.silent = scene.runs.silent = True
    scene.passes(watch, 20)
    assert not watch.room(1)
    scene.metrics.silent = False
    with pytest.raises(StoppedError, match="the webserver did not answer"):
        scene.passes(watch, 60)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"limit": None}, "no limit of memory, so say where to stop: --stop-above"),
        ({"kind": "max"}, "maxima"),
        ({"containers": 2}, r"2 containers run at once \(etl-0, etl-1\)"),
        ({"until": EPOCH - 300}, "the newest reading is 3[0-9]+s old"),
    ],
)
def test_what_cannot_be_looked_after_is_not_loaded(scene: Scene, changes: dict[str, Any], said: str) -> None:
    for name, value in changes.items():
        setattr(scene.metrics, name, value)
    with pytest.raises(InputError, match=said):
        scene.watch()


@pytest.mark.parametrize(
    ("workloads", "levels", "said"),
    [
        ([{"job": "etl"}], [1, 8], "load.levels: 8 is more than --highest 6"),
        ([{"job": "etl"}], [4], "load.levels: two or more"),
        ([{"tick": "watcher"}], [1, 2], "leave `tick:` entries out"),
    ],
)
def test_a_scenario_has_to_suit_a_deployment(
    workloads: Sequence[dict[str, str]], levels: list[int], said: str
) -> None:
    written = {"name": "etl", "workloads": workloads, "load": {"levels": levels}}
    with pytest.raises(InputError, match=said):
        check_levels(Scenario.model_validate(written, context=ELSEWHERE), 6)


def test_a_job_of_ones_own_needs_its_code_where_we_start_the_server() -> None:
    with pytest.raises(ValueError, match="needs a location section"):
        Scenario.model_validate({"name": "etl", "workloads": [{"job": "etl"}]})

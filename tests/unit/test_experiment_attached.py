"""Loading a deployment that is not ours, on a scripted one: bursts are held, and nothing of ours is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from harness.experiment.attached import TAG, AttachedLoad, AttachedOutcome, StoppedError
from harness.experiment.attached_plan import AttachedPlan, plan_attached
from harness.scenario.model import ELSEWHERE, Scenario
from harness.target.endpoint import Endpoint
from tests.unit.scripted_deployment import scripted_tools
from tests.unit.scripted_world import Script, World

ENDPOINT = Endpoint("http://127.0.0.1:1/graphql", "script", "__repository__")
NEEDED = (200, 50, 20)


class ScriptedWatch:
    """Allows what it is told to, and keeps what it was asked."""

    def __init__(
        self, world: World, stop_at: float = float("inf"), room: Callable[[int], bool] | None = None
    ):
        self.world, self.stop_at = world, stop_at
        self.is_room = room or (lambda _level: True)
        self.ended: list[int] = []

    def look(self) -> None:
        if self.world.clock.monotonic() >= self.stop_at:
            raise StoppedError("memory was too high")

    def room(self, level: int) -> bool:
        self.look()
        return self.is_room(level)

    def held(self, level: int) -> None:
        self.ended.append(level)


def scenario(**load: object) -> Scenario:
    written = {
        "name": "etl",
        "workloads": [{"job": "etl", "run_config": {"ops": {}}}],
        "load": {"levels": [1, 2, 4], "repeats": 2, **load},
        "timeouts": {"idle": 30, "drain": 60},
    }
    return Scenario.model_validate(written, context=ELSEWHERE)


def loaded(world: World, watch: ScriptedWatch, plan: AttachedPlan | None = None) -> AttachedOutcome:
    load = AttachedLoad(scenario(), ENDPOINT, scripted_tools(world), "mine", lambda _text: None)
    return load.run(plan or plan_attached(1, (1, 2, 4), 2, 5.0, NEEDED, seed=1), watch)


def left(world: World) -> list[str]:
    now = world.clock.now()
    return [run.run_id for run in world.runs if run.status_at(now) in ("STARTED", "STARTING")]


def test_a_plan_has_readings_and_runs_enough_and_begins_with_the_least() -> None:
    for interval, levels, workloads in ((30.0, (1, 2, 4), 1), (2.0, (2, 5), 3), (60.0, (1, 2), 1)):
        plan = plan_attached(workloads, levels, 1, interval, NEEDED, seed=1)
        assert plan.seconds / interval >= 200
        assert plan.runs >= 50
        assert plan.hold_seconds >= 4 * interval
        assert plan.seconds >= 8 * 4 * (plan.hold_seconds + 3.0 * (max(levels) - 1))  # blocks of four runs
        first = plan.bursts[: workloads * len(levels)]
        assert [(one.workload, one.level) for one in first] == [
            (workload, level) for workload in range(workloads) for level in levels
        ]
        of_each = Counter[int]()
        for one in plan.bursts:
            of_each[one.workload] += one.level
        assert len(of_each) == workloads
        assert min(of_each.values()) >= 20


def test_more_repeats_that_are_asked_for_are_kept() -> None:
    assert len(plan_attached(1, (1, 2, 4), 30, 5.0, NEEDED, seed=1).bursts) == 90


def test_each_level_is_held_by_one_wave_after_another() -> None:
    world = World()
    watch = ScriptedWatch(world)
    plan = plan_attached(1, (1, 2, 4), 2, 5.0, NEEDED, seed=1)
    outcome = loaded(world, watch, plan)
    assert outcome.stopped == ""
    assert watch.ended == [burst.level for burst in plan.bursts]
    assert outcome.runs == len(world.runs) > plan.runs  # a run of the script lasts for 5 s
    assert {run.tag[0] for run in world.runs} == {TAG}
    assert all(run.tag[1].startswith("mine-") for run in world.runs)
    assert left(world) == []


def test_it_stops_when_the_watch_says_so_and_ends_its_runs() -> None:
    world = World(script=Script(stuck_bursts=frozenset({3})))
    watch = ScriptedWatch(world, stop_at=45.0)
    outcome = loaded(world, watch)
    assert outcome.stopped == "memory was too high"
    assert world.canceled
    assert left(world) == []


def test_runs_that_never_end_are_terminated_and_told_of() -> None:
    world = World(script=Script(stuck_bursts=frozenset({0})))
    outcome = loaded(world, ScriptedWatch(world))
    assert "did not end within 60s" in outcome.stopped
    assert "timeouts.drain" in outcome.stopped
    assert left(world) == []


def test_ctrl_c_ends_what_runs() -> None:
    world = World(script=Script(interrupted_burst=2))
    with pytest.raises(KeyboardInterrupt):
        loaded(world, ScriptedWatch(world))
    assert left(world) == []


def test_a_launch_that_is_refused_breaks_it_off_and_ends_the_others() -> None:
    world = World(script=Script(failing_launches=frozenset({4})))
    assert loaded(world, ScriptedWatch(world)).stopped == "a launch failed: refused by the script"
    assert left(world) == []


def test_a_run_of_ours_that_fails_stops_it() -> None:
    world = World(script=Script(kernel_kills=True), memory_bytes=300 * 2**20)
    outcome = loaded(world, ScriptedWatch(world))
    assert "of ours failed" in outcome.stopped
    assert left(world) == []


def test_bursts_for_which_there_is_no_room_are_left_out() -> None:
    world = World()
    watch = ScriptedWatch(world, room=lambda level: level < 4)
    outcome = loaded(world, watch)
    assert set(watch.ended) == {1, 2}
    assert outcome.skipped >= 2
    assert outcome.bursts == len(watch.ended)


def test_a_webserver_that_misses_polls_is_asked_again() -> None:
    world = World(script=Script(missed_polls=3))
    assert loaded(world, ScriptedWatch(world)).stopped == ""

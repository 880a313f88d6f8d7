"""The load on a scripted deployment, and what its webserver says of it: fakes of `Generator` and `Target`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from harness.load.generator import LoadPlan, LoadReport, Sent
from harness.target.graphql import GraphQLError, JobSelector
from harness.target.launchables import Launchable, Wanted
from harness.target.run_histories import RunHistory
from harness.target.sensors import DaemonTick
from harness.target.target import Tag
from tests.unit.scripted_world import BASE_BYTES, RUN_BYTES, ScriptedRun, World


class ScriptedTarget:
    """What the webserver says of the script's runs."""

    def __init__(self, world: World) -> None:
        self._world = world

    def find(self, wanted: Wanted) -> tuple[Launchable, ...]:
        return (Launchable(JobSelector("script", "__repository__", wanted.job)),)

    def check_run(self, selector: JobSelector, run_config: Mapping[str, Any]) -> None:
        assert selector.job
        assert run_config

    def check_tick(self, kind: Literal["sensor", "schedule"], name: str) -> None:
        assert kind
        assert name

    def statuses(self, tag: Tag) -> dict[str, str]:
        if self._world.script.missed_polls:
            self._world.script.missed_polls -= 1
            raise GraphQLError("no answer")
        self._world.polled.append(self._world.clock.now())
        return {run.run_id: run.status_at(self._world.clock.now()) for run in self._tagged(tag)}

    def histories(self, tag: Tag) -> list[RunHistory]:
        return [self._history(run) for run in self._tagged(tag)]

    def in_progress(self) -> int:
        now = self._world.clock.now()
        return sum(run.status_at(now) in ("STARTING", "STARTED") for run in self._world.runs)

    def cancel(self, run_ids: Iterable[str]) -> None:
        wanted = list(run_ids)
        self._world.canceled += wanted
        for run in self._world.runs:
            if run.run_id in wanted:
                run.status, run.ended = "CANCELED", self._world.clock.now()

    def reload(self) -> None:
        self._world.clock.sleep(3.0)
        self._world.reloads += 1

    def start_sensors(self, names: Iterable[str]) -> None:
        self._world.sensors = tuple(names)
        self._world.sensors_from = self._world.clock.now()

    def stop_sensors(self) -> None:
        self._world.sensors = ()
        self._world.ticked.append((self._world.sensors_from, self._world.clock.now()))

    def daemon_ticks(self, names: Iterable[str], since: float) -> list[DaemonTick]:
        began = self._world.sensors_from
        assert began >= since
        return [
            DaemonTick(name, began + 5.0 * round_, *self._world.script.tick)
            for name in names
            for round_ in range(100)
            if began + 5.0 * round_ <= self._world.clock.now() and self._world.script.tick[0]
        ]

    def close(self) -> None:
        pass

    def _tagged(self, tag: Tag) -> list[ScriptedRun]:
        return [run for run in self._world.runs if run.tag == tag]

    def _history(self, run: ScriptedRun) -> RunHistory:
        status = run.status_at(self._world.clock.now())
        ended = run.ended if status not in ("STARTED", "STARTING") else None
        nothing: dict[str, Any] = dict.fromkeys((f.name for f in dataclasses.fields(RunHistory)), None)
        known: dict[str, Any] = {"run_id": run.run_id, "job": "io_bound", "status": status, "pid": run.pid}
        known |= {"steps": 1, "attempts": (), "metadata": "", "created_epoch_seconds": run.launched}
        known |= {"started_epoch_seconds": run.started, "ended_epoch_seconds": ended}
        known |= {"process_started_epoch_seconds": run.started, "run_start_epoch_seconds": run.started}
        known |= {"run_end_epoch_seconds": ended, "process_exited_epoch_seconds": ended}
        return RunHistory(**(nothing | known))


class ScriptedGenerator:
    """Answers every launch of a plan in turn, and makes the script's mishaps happen."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._plan: LoadPlan | None = None
        self._released = 0.0

    def __enter__(self) -> ScriptedGenerator:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def prepare(self, plan: LoadPlan) -> None:
        self._plan = plan

    def wait_ready(self, timeout: float) -> None:
        self._world.clock.sleep(0.1)

    def release(self, at_epoch: float) -> None:
        assert self._plan is not None
        self._world.fired.append(self._plan)
        self._released = at_epoch
        if self._world.burst == self._world.script.interrupted_burst:
            raise KeyboardInterrupt

    def finished(self, timeout: float) -> LoadReport:
        assert self._plan is not None
        world, script = self._world, self._world.script
        step = script.clock_set.get(world.burst, 0.0)
        world.clock.set_forward(step)
        sent = [self._send(index, step) for index in range(len(self._plan.requests))]
        last = max(one.answered_epoch_seconds for one in sent) + step
        if world.burst in script.lost_bursts:
            world.clock.call_at(last + 0.2, lambda: world.lose("server-1"))
        if world.burst == script.broken_burst:
            world.broken = "webserver ended with exit code 1: nothing in its log"
        world.clock.sleep_until(last)
        if script.kernel_kills:
            self._kill_what_does_not_fit()
        late = world.burst in script.saturated_bursts
        return LoadReport(
            sent=sent,
            cpu_fraction=0.99 if late else 0.1,
            lateness=0.01,
            saturated=late,
            processes=1,
            clock_offset=script.generator_clock_offset,
        )

    def _kill_what_does_not_fit(self) -> None:
        """As many runs as are too many for the limit, when all are up."""
        now, here = (
            self._world.clock.now(),
            [run for run in self._world.runs if run.ended > self._world.clock.now()],
        )
        room = (self._world.memory_bytes - BASE_BYTES) // RUN_BYTES
        for run in here[max(0, room) :]:
            run.status, run.ended = "FAILURE", now
            self._world.kills.append(now)

    def _send(self, index: int, step: float) -> Sent:
        assert self._plan is not None
        world, script = self._world, self._world.script
        intended = self._released + self._plan.offsets[index]
        answered = intended + script.launch_seconds * (index + 1)
        number, world.launches = world.launches, world.launches + 1
        refused = number in script.failing_launches
        if not refused:
            [(key, value)] = [
                (entry["key"], entry["value"])
                for entry in self._plan.requests[index].variables["params"]["executionMetadata"]["tags"]
            ]
            stuck = world.burst in script.stuck_bursts
            world.runs.append(
                ScriptedRun(
                    run_id=f"run-{number}",
                    tag=(key, value),
                    replica=f"server-{index % script.replicas + 1}",
                    pid=1000 + number,
                    launched=intended + step,
                    started=answered + step,
                    ended=float("inf") if stuck else answered + step + 5.0,
                    status="STUCK" if stuck else "SUCCESS",
                )
            )
        return Sent(
            index=index,
            kind="launch",
            intended_epoch_seconds=intended,
            sent_epoch_seconds=intended,
            answered_epoch_seconds=answered,
            run_id=None if refused else f"run-{number}",
            outcome="error" if refused else "launched",
            message="refused by the script" if refused else "",
            http_status=200,
            worker_index=0,
        )

"""Bursts on a deployment that is not ours: fired while a watch allows it, and ended where it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.errors import ExperimentError
from harness.experiment.attached_plan import LAUNCH_SECONDS, AttachedBurst, AttachedPlan
from harness.experiment.load_plan import load_plan
from harness.experiment.plan import PlannedBurst, hold_seconds
from harness.experiment.tools import Tools
from harness.experiment.workload_check import find_runs
from harness.scenario.cells import Cell, cells_of
from harness.scenario.model import Scenario
from harness.scenario.one_kind import TickWorkload
from harness.target.endpoint import Endpoint
from harness.target.graphql import GraphQLError
from harness.target.run_histories import TERMINAL, RunHistory
from harness.target.target import Tag, Target

TAG = "dagster-sizing/attached"
"""Key of the tag that our runs carry."""
POLL_SECONDS = 1.0
RELEASE_DELAY_SECONDS = 0.2
END_SECONDS = 60.0
"""How long runs may take to end that were told to."""

CALM_POLLS = 3


class StoppedError(Exception):
    """The deployment must not be loaded any more; the text says why."""


class Watch(Protocol):
    """Looks after the deployment while it is loaded."""

    def look(self) -> None:
        """See how it is; StoppedError where it is not well."""
        ...

    def room(self, level: int) -> bool:
        """Look, and whether `level` runs may be launched now; StoppedError where they must not, ever."""
        ...

    def held(self, level: int) -> None:
        """A burst of `level` runs was fired, and has ended."""
        ...


@dataclass(frozen=True)
class AttachedOutcome:
    """What became of it."""

    bursts: int
    """That were fired."""
    runs: int
    """That were launched."""
    skipped: int
    """Bursts for which there was no room, as others ran too much."""
    stopped: str
    """Why it ended early; empty where it did not."""


class AttachedLoad:
    """Fires a plan, one burst after another."""

    def __init__(
        self,
        scenario: Scenario,
        endpoint: Endpoint,
        tools: Tools,
        experiment_id: str,
        say: Callable[[str], None],
    ) -> None:
        """Prepare; nothing is fired yet.

        Args:
            scenario: its workloads, load and time-outs count; the deployment is as it is.
            endpoint: where it goes.
            tools: what loads, asks and waits.
            experiment_id: in the tag of each run.
            say: told how it goes on, a line for each burst.
        """
        self._scenario, self._endpoint, self._tools, self._say = scenario, endpoint, tools, say
        self._id = experiment_id
        self._target: Target = tools.connect(endpoint)
        self._cells = tuple(_cell_of(scenario, place) for place in range(len(scenario.workloads)))
        self._kinds = [find_runs(self._target, cell.workload, say) for cell in self._cells]
        self._launch_seconds = LAUNCH_SECONDS
        self._fired = self._runs = self._skipped = self._waves = 0

    def run(self, plan: AttachedPlan, watch: Watch) -> AttachedOutcome:
        """All bursts of the plan, or those until the watch stops them or they cannot go on."""
        stopped = ""
        try:
            for number, burst in enumerate(plan.bursts, 1):
                self._let_pass(plan.rest_seconds, watch)
                if not self._wait_for_room(burst.level, watch):
                    self._skipped += 1
                    self._say(f"burst {number} of {len(plan.bursts)}: left out, as others run too much")
                    continue
                label = self._cells[burst.workload].workload.label
                self._say(f"burst {number} of {len(plan.bursts)}: {burst.level} runs of {label}")
                self._hold(burst, plan.hold_seconds, watch)
                self._fired += 1
                watch.held(burst.level)
            self._let_pass(plan.rest_seconds, watch)
        except (StoppedError, ExperimentError) as error:
            stopped = str(error)
        return AttachedOutcome(self._fired, self._runs, self._skipped, stopped)

    def close(self) -> None:
        """End the connection."""
        self._target.close()

    def _hold(self, burst: AttachedBurst, seconds: float, watch: Watch) -> None:
        """Keep a level for so long: by runs that last, or by one wave of runs after another."""
        workload = self._cells[burst.workload].workload
        assert not isinstance(workload, TickWorkload), "refused before any load"
        window = self._scenario.load.window
        wave = hold_seconds(burst.level, self._launch_seconds, seconds, window) if workload.holds else 0.0
        held = self._wave(burst, wave, watch)
        while not workload.holds and held < seconds:
            held += self._wave(burst, 0.0, watch)

    def _wave(self, burst: AttachedBurst, hold: float, watch: Watch) -> float:
        """Fire once, and wait until all runs have ended; for how many seconds the level was there."""
        tag = (TAG, f"{self._id}-{self._waves}")
        planned = PlannedBurst(self._waves, "measure", burst.level, 0)
        self._waves += 1
        try:
            launched = self._fire(burst, planned, hold, tag)
            self._drain(tag, launched, hold, watch)
        except BaseException:
            # Whatever ended it, nothing of ours shall go on in a deployment of others.
            self._end(tag)
            raise
        return self._learn(tag)

    def _fire(self, burst: AttachedBurst, planned: PlannedBurst, hold: float, tag: Tag) -> int:
        cell, kinds = self._cells[burst.workload], self._kinds[burst.workload]
        timeouts, clock = self._scenario.timeouts, self._tools.clock
        with self._tools.generator() as generator:
            generator.prepare(load_plan(self._scenario, cell, self._endpoint, kinds, planned, hold, tag))
            generator.wait_ready(timeouts.start)
            generator.release(clock.now() + RELEASE_DELAY_SECONDS)
            report = generator.finished(timeouts.launch + self._scenario.load.window)
        launched = sum(sent.outcome == "launched" for sent in report.sent)
        self._runs += launched
        if launched < len(report.sent):
            why = next(sent.message for sent in report.sent if sent.outcome != "launched")
            raise ExperimentError(f"a launch failed: {why}")
        return launched

    def _drain(self, tag: Tag, launched: int, hold: float, watch: Watch) -> None:
        deadline = self._tools.clock.monotonic() + hold + self._scenario.timeouts.drain
        while self._tools.clock.monotonic() < deadline:
            watch.look()
            try:
                statuses = self._target.statuses(tag)
            except GraphQLError:
                statuses = {}  # a webserver under load may miss one poll; the time-out still holds
            if failed := [run for run, status in statuses.items() if status == "FAILURE"]:
                raise StoppedError(f"run {failed[0]} of ours failed{self._why(tag, failed[0])}")
            if len(statuses) >= launched and all(one in TERMINAL for one in statuses.values()):
                return
            self._tools.clock.sleep(POLL_SECONDS)
        raise ExperimentError(
            f"runs of ours did not end within {hold + self._scenario.timeouts.drain:.0f}s, and were "
            "terminated; raise timeouts.drain, or look at them in Dagster's UI: are they queued?"
        )

    def _learn(self, tag: Tag) -> float:
        """What a launch takes, of the runs of a wave; for how long all of them were live."""
        runs = self._histories(tag)
        if runs and all(run.pid is None for run in runs):
            raise StoppedError(
                "our runs are isolated: each has a container of its own, and none is in the code server; "
                "size that container by its own metrics"
            )
        began = [run.started_epoch_seconds for run in runs if run.started_epoch_seconds]
        ended = [run.ended_epoch_seconds for run in runs if run.ended_epoch_seconds]
        created = [run.created_epoch_seconds for run in runs if run.created_epoch_seconds]
        if not (began and ended and created):
            return POLL_SECONDS
        self._launch_seconds = max((max(began) - min(created)) / len(runs), 0.1)
        return max(min(ended) - max(began), POLL_SECONDS)

    def _why(self, tag: Tag, run_id: str) -> str:
        return next((f": {run.failure}" for run in self._histories(tag) if run.run_id == run_id), "")

    def _histories(self, tag: Tag) -> list[RunHistory]:
        try:
            return self._target.histories(tag)
        except GraphQLError:
            return []

    def _end(self, tag: Tag) -> None:
        """Terminate the runs of a wave that have not ended, and wait until they have."""
        clock = self._tools.clock
        deadline = clock.monotonic() + END_SECONDS
        told: set[str] = set()
        calm = 0  # polls in turn: a launch that is on its way when we are interrupted comes a little later
        while clock.monotonic() < deadline:
            try:
                live = [run for run, status in self._target.statuses(tag).items() if status not in TERMINAL]
                if new := [run for run in live if run not in told]:
                    self._say(f"ending {len(new)} runs of ours")
                    self._target.cancel(new)
                    told |= set(new)
                calm = 0 if live else calm + 1
                if calm == CALM_POLLS:
                    return
            except GraphQLError:
                calm = 0
            clock.sleep(POLL_SECONDS)
        self._say(f"runs of ours may go on; look in Dagster's UI for the tag {tag[0]}: {tag[1]}")

    def _wait_for_room(self, level: int, watch: Watch) -> bool:
        deadline = self._tools.clock.monotonic() + self._scenario.timeouts.idle
        while not watch.room(level):
            if self._tools.clock.monotonic() >= deadline:
                return False
            self._tools.clock.sleep(POLL_SECONDS)
        return True

    def _let_pass(self, seconds: float, watch: Watch) -> None:
        until = self._tools.clock.monotonic() + seconds
        while (left := until - self._tools.clock.monotonic()) > 0:
            watch.look()
            self._tools.clock.sleep(min(left, POLL_SECONDS))


def _cell_of(scenario: Scenario, place: int) -> Cell:
    """A cell of one workload; the rest of it says how a server is started, which is done already."""
    return cells_of(scenario.model_copy(update={"workloads": (scenario.workloads[place],)}))[0]

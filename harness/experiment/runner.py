"""The whole experiment: every cell of the scenario, crash-safe and resumable."""

from __future__ import annotations

import math
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from harness.errors import ExperimentError
from harness.experiment.burst import run_burst
from harness.experiment.cell_record import refuse_other_packages, with_environment
from harness.experiment.context import BurstContext, open_companions, open_source
from harness.experiment.design import Design
from harness.experiment.listener import Listener
from harness.experiment.live_writer import Live
from harness.experiment.plan import (
    RELOAD_HOLD_SECONDS,
    BurstQueue,
    PlannedBurst,
    StartSpread,
    expected_burst_seconds,
    has_settled,
    hold_seconds,
    plan_apart,
    plan_bursts,
)
from harness.experiment.record import BurstOutcome
from harness.experiment.stopwatch import Stopwatch
from harness.experiment.told import (
    one_line,
    what_is_fired,
    what_is_planned,
    why_no_more,
    why_none_succeeded,
)
from harness.experiment.tools import Tools
from harness.experiment.workload_check import check_sensors, find_runs
from harness.interrupts import held_back
from harness.model.next_level import optimal_levels
from harness.observe.pings import Pinger
from harness.observe.source_group import SourceGroup
from harness.results.columns import RELOAD, TICKING
from harness.results.folder import ResultFolder
from harness.results.result_document import CellRecord, EventRecord
from harness.results.timestamp import timestamp
from harness.results.validity import STEAL_INCONCLUSIVE, clock_was_set, judge
from harness.scenario.cells import Cell, cells_of
from harness.scenario.model import Scenario
from harness.stack.base import Deployment, Stack
from harness.stack.capabilities import refuse
from harness.target.graphql import GraphQLError


@dataclass(frozen=True)
class Warmup:
    """What calibration found."""

    bursts: int
    settled: bool
    launch_seconds: float
    spread: StartSpread


class Experiment:
    """Measures the cells of a scenario that the result folder does not have yet."""

    def __init__(
        self,
        scenario: Scenario,
        stack: Stack,
        folder: ResultFolder,
        listener: Listener,
        tools: Tools | None = None,
        design: Design | None = None,
    ) -> None:
        self._scenario = scenario
        self._tools = tools or Tools()
        self._stack = stack
        self._folder = folder
        self._listener = Live(folder, listener)
        self._cells = cells_of(scenario)
        self._design = design

    def run(self) -> None:
        """Measure every unfinished cell, then merge the tables and judge the result.

        However it ends, `result.json` is left readable, with its validity.

        Raises:
            InputError: the scenario needs what the stack cannot do; nothing was measured.
            ExperimentError: it broke off.
        """
        refuse(self._scenario, self._stack.name, self._stack.capabilities)
        watch = Stopwatch(self._tools.clock, "other")
        try:
            with self._listener.written():
                for number, cell in enumerate(self._cells, 1):
                    if self._folder.read_document().cell(cell.cell_id).state == "finished":
                        continue
                    self._listener.cell_started(number, len(self._cells), cell.cell_id)
                    self._run_cell(cell, cells_after=len(self._cells) - number)
                    self._listener.cell_finished(cell.cell_id)
            watch.now("record")
            self._folder.merge()
        finally:
            self._judge(watch)

    def _run_cell(self, cell: Cell, cells_after: int) -> None:
        record = self._folder.read_document().cell(cell.cell_id)
        record = self._save(
            record.model_copy(
                update={
                    "state": "running",
                    "attempt": record.attempt + 1,
                    "started_at": timestamp(),
                    "failure": "",
                    "events": (),
                    "spent": {},
                    "width": None,
                }
            )
        )
        watch = Stopwatch(self._tools.clock, "start")
        try:
            up = self._stack.up(self._scenario, cell, self._folder.logs, self._listener.say)
            with up as deployment:
                watch.apart(deployment.start.parts)
                record = self._save(with_environment(record, deployment))
                refuse_other_packages(record, self._folder.read_document().cells)
                try:
                    self._run_on(deployment, cell, record, cells_after, watch)
                finally:
                    watch.now("end")
                    events = tuple(EventRecord(**asdict(event)) for event in deployment.events)
                    self._update(cell, events=events)
        except (ExperimentError, GraphQLError) as error:
            self._update(cell, failure=str(error), spent=watch.spent())
            raise ExperimentError(str(error)) from None
        self._update(cell, state="finished", finished_at=timestamp(), spent=watch.spent())

    def _run_on(
        self,
        deployment: Deployment,
        cell: Cell,
        record: CellRecord,
        cells_after: int,
        watch: Stopwatch,
    ) -> None:
        with self._context(deployment, cell, watch) as context:
            context.sources.start()
            if context.companions is not None:
                context.companions.start()
            context.start_pings()
            watch.now("other")
            with self._listener.reading(context.sources):
                self._measure(context, record, cells_after)

    @contextmanager
    def _context(self, deployment: Deployment, cell: Cell, watch: Stopwatch) -> Iterator[BurstContext]:
        ping_hz = self._scenario.sampling.ping_hz
        with ExitStack() as opened:
            target = self._tools.connect(deployment.endpoint)
            opened.callback(target.close)
            launchables = find_runs(target, cell.workload, self._listener.say)
            check_sensors(target, self._scenario.load.ticking, self._listener.say)
            with held_back():
                context = BurstContext(
                    scenario=self._scenario,
                    cell=cell,
                    deployment=deployment,
                    sources=SourceGroup(
                        {r.name: open_source(self._scenario, r) for r in deployment.replicas}
                    ),
                    companions=open_companions(self._scenario, deployment),
                    pinger=Pinger(ping_hz) if ping_hz else None,
                    target=target,
                    launchables=launchables,
                    tools=self._tools,
                    watch=watch,
                    experiment_id=uuid.uuid4().hex[:12],
                    spot=self._stack.spot,
                    began_monotonic=self._tools.clock.monotonic(),
                    available_cores=min(cell.cpus * cell.replicas, float(deployment.limits.host_cpus)),
                )
                opened.callback(context.close)
            yield context

    def _measure(self, context: BurstContext, record: CellRecord, cells_after: int) -> None:
        load = self._scenario.load
        context.forget_readings()
        warmup = self._warm_up(context, record)
        planned = plan_bursts(self._bursts_by_level(warmup), self._scenario.seed, warmup.bursts)
        planned += plan_apart(
            load.reloads, min(load.levels), load.ticking.windows, warmup.bursts + len(planned)
        )
        record = self._save(
            record.model_copy(
                update={
                    "warmup_bursts": warmup.bursts,
                    "warmup_settled": warmup.settled,
                    "calibrated_launch_seconds": warmup.launch_seconds,
                    "planned_bursts": warmup.bursts + len(planned),
                }
            )
        )
        cost, spread = warmup.launch_seconds, warmup.spread
        seconds = partial(self._seconds, spread, planned, cells_after)
        self._listener.planned(len(planned), seconds(planned, cost))
        first = planned if load.width is None else planned[: len(load.levels)]
        queue = BurstQueue(first, load.spare_bursts, more=len(planned) - len(first))
        done, choosing = 0, load.width is not None
        most = "at most " if choosing else ""
        while queue.left or choosing:
            if not queue.left:
                record, choosing = self._choose(record, queue, self._seconds_by_level(cost, spread))
                continue
            burst = queue.take()
            what = what_is_fired(burst, context.cell, load)
            self._listener.say(f"burst {done + 1} of {most}{len(planned)}: {what}")
            hold = hold_seconds(burst.level, cost, load.plateau, load.window, spread.allowed(burst.level))
            hold += RELOAD_HOLD_SECONDS if burst.phase == RELOAD else 0.0
            outcome = run_burst(context, burst, hold)
            if _disturbed(outcome) and queue.again(burst):
                outcome = outcome.set_aside()
            else:
                done += 1
            with context.watch.at("record"):
                self._record(record, outcome)
            seen = _launch_cost(outcome)
            if burst.level > 1 and seen > 0 and not _stepped(outcome):
                cost = (cost + seen) / 2  # follows a drift, but no single odd burst
                spread.seen(burst.level, _spread(outcome), cost)
            left = planned[done:] if choosing else queue.left
            self._listener.burst_done(one_line(outcome), len(left), seconds(left, cost))

    def _bursts_by_level(self, warmup: Warmup) -> dict[int, int]:
        """How many bursts each level gets; where a width is asked for, at most."""
        load = self._scenario.load
        if load.design == "balanced" or load.width is not None:
            return dict.fromkeys(load.levels, load.repeats)
        seconds = self._seconds_by_level(warmup.launch_seconds, warmup.spread)
        counts = Counter(optimal_levels(seconds, load.repeats))
        if counts.total() < len(load.levels) * load.repeats:
            self._listener.say(what_is_planned(counts, load.repeats))
        return dict(counts)

    def _seconds_by_level(self, launch_seconds: float, spread: StartSpread) -> dict[int, float]:
        """About how long a burst of each level takes."""
        return {
            level: self._burst_seconds(level, launch_seconds, spread) for level in self._scenario.load.levels
        }

    def _burst_seconds(self, level: int, launch_seconds: float, spread: StartSpread) -> float:
        load = self._scenario.load
        return expected_burst_seconds(level, launch_seconds, load.plateau, load.window, spread.allowed(level))

    def _choose(
        self, record: CellRecord, queue: BurstQueue, seconds: Mapping[int, float]
    ) -> tuple[CellRecord, bool]:
        """Add the next burst to the queue, or what comes after all of them; whether to choose again."""
        load, order = self._scenario.load, queue.next_order
        assert self._design is not None, "whoever asks for a width says how bursts are chosen"
        bursts = self._folder.table("bursts")
        step = self._design(record, bursts, seconds)
        changes: dict[str, Any] = {"width": step.width}
        if step.level is not None:
            repeat = int(((bursts["cell_id"] == record.cell_id) & (bursts["level"] == step.level)).sum())
            queue.add([PlannedBurst(order, "measure", step.level, repeat)])
        else:
            queue.add(plan_apart(load.reloads, min(load.levels), load.ticking.windows, order))
            self._listener.say(why_no_more(step.width))
            changes["planned_bursts"] = record.warmup_bursts + step.width.bursts + len(queue.left)
        return self._save(record.model_copy(update=changes)), step.level is not None

    def _warm_up(self, context: BurstContext, record: CellRecord) -> Warmup:
        """Launch small bursts until their cost settles; the last one calibrates the holds."""
        settings = self._scenario.load.warmup
        spans: list[float] = []
        spread = StartSpread(context.cell.grpc_max_workers)
        stepped = 0
        while len(spans) < settings.max_bursts:
            order = len(spans) + stepped
            self._listener.say(f"warm-up burst {order + 1}: finding out what a launch costs")
            planned = PlannedBurst(order, "warmup", settings.launches, order)
            with context.watch.at("warm-up", whole=True):
                outcome = run_burst(context, planned, hold=0.5)
                self._record(record, outcome)
            if outcome.row.runs_succeeded + outcome.row.ticks_evaluated == 0:
                label, why = context.cell.workload.label, why_none_succeeded(outcome)
                raise ExperimentError(f"nothing of {label} succeeded in warm-up: {why}")
            if _stepped(outcome):  # a cost of an hour would make every run last for hours
                stepped += 1
                if stepped > settings.max_bursts:
                    raise ExperimentError(
                        f"the machine's clock was set during {stepped} warm-up bursts; stop what sets it"
                    )
                continue
            spans.append(_launch_cost(outcome))
            if len(spans) >= settings.min_bursts and has_settled(spans, settings.tolerance):
                break
        if settings.launches > 1 and spans[-1] > 0:  # those before were of a cold server
            spread.seen(settings.launches, _spread(outcome), spans[-1])
        return Warmup(len(spans) + stepped, has_settled(spans, settings.tolerance), spans[-1], spread)

    def _record(self, record: CellRecord, outcome: BurstOutcome) -> None:
        self._folder.write_burst(record, int(outcome.row.burst), outcome.tables)
        if outcome.broken:
            raise ExperimentError(outcome.broken)

    def _seconds(
        self,
        spread: StartSpread,
        whole: tuple[PlannedBurst, ...],
        cells_after: int,
        left: tuple[PlannedBurst, ...],
        launch_seconds: float,
    ) -> float:
        def total(bursts: tuple[PlannedBurst, ...]) -> float:
            return sum(
                2 * self._scenario.load.ticking.length
                if burst.phase == TICKING
                else self._burst_seconds(burst.level, launch_seconds, spread)
                for burst in bursts
            )

        bring_up = 20.0
        return total(left) + cells_after * (total(whole) + bring_up)

    def _save(self, record: CellRecord) -> CellRecord:
        self._folder.write_document(self._folder.read_document().with_cell(record))
        return record

    def _update(self, cell: Cell, **changes: Any) -> None:
        self._save(self._folder.read_document().cell(cell.cell_id).model_copy(update=changes))

    def _judge(self, watch: Stopwatch) -> None:
        document = self._folder.read_document()
        validity = judge(document.cells, self._folder.table("bursts"))
        self._folder.write_document(
            document.model_copy(
                update={
                    "validity": validity,
                    "finished_at": timestamp(),
                    "spent": document.spent | {"record": watch.spent().get("record", 0.0)},
                }
            )
        )


def _disturbed(outcome: BurstOutcome) -> bool:
    """Whether the machine was so disturbed that a burst says little of the code server.

    By its hypervisor, or by its clock being set. Told from that alone, whatever the burst cost, so that
    leaving it out favours no number. Where the hypervisor took CPU and something failed, the burst counts as
    it is: measuring it again would hide the failure. Where the clock was set, no time of it means anything.
    """
    if _stepped(outcome):
        return True
    row = outcome.row
    whole = row.drained and row.oom_kills == 0 and row.runs_succeeded == row.launches
    whole = whole and row.ticks_evaluated == row.ticks
    return bool(whole and row.host_steal_fraction > STEAL_INCONCLUSIVE)


def _stepped(outcome: BurstOutcome) -> bool:
    """Whether the machine's clock was set meanwhile."""
    return clock_was_set(outcome.row.clock_step_seconds)


def _launch_cost(outcome: BurstOutcome) -> float:
    """Seconds from the intended instant to the start of the last run, per run; 0 when none ended."""
    started = int(outcome.tables["runs"]["run_start_epoch_seconds"].notna().sum())
    span = float(outcome.row.launch_span_seconds)
    return span / started if started and math.isfinite(span) else 0.0


def _spread(outcome: BurstOutcome) -> float:
    """Seconds from the start of the first run to that of the last; infinity where not all ran at once."""
    starts = outcome.tables["runs"]["run_start_epoch_seconds"]
    whole = int(outcome.row.concurrency_peak) == outcome.row.launches == int(starts.notna().sum())
    return float(starts.max() - starts.min()) if whole else math.inf

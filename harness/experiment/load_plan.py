"""What a burst fires, and when. Pure."""

from __future__ import annotations

from harness.experiment.plan import PlannedBurst
from harness.load.generator import LoadPlan
from harness.load.requests import Request, launch, tick
from harness.load.schedule import make_schedule
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.scenario.workload import TickWorkload
from harness.target.endpoint import Endpoint
from harness.target.graphql import JobSelector
from harness.target.target import Tag


def load_plan(
    scenario: Scenario, cell: Cell, endpoint: Endpoint, planned: PlannedBurst, hold: float, tag: Tag
) -> LoadPlan:
    """The requests of a burst in the order of their instants.

    Args:
        scenario, cell: what is measured.
        endpoint: where it goes.
        planned: which burst.
        hold: how long its runs last, in seconds.
        tag: what its runs carry.
    """
    load = scenario.load
    shape = "burst" if planned.phase == "warmup" else load.shape
    offsets = make_schedule(shape, planned.level, load.window, scenario.seed + planned.order)
    wanted = _requests(cell, endpoint, planned, hold, tag)
    fired = list(zip(map(float, offsets), wanted, strict=True))
    fired = sorted(fired + _ticks_beside(cell, endpoint, planned), key=lambda one: one[0])
    return LoadPlan(
        url=endpoint.url,
        headers=endpoint.headers,
        requests=tuple(request for _, request in fired),
        offsets=tuple(offset for offset, _ in fired),
        timeout_seconds=scenario.timeouts.launch,
        processes=min(load.processes, len(fired)),
    )


def _requests(cell: Cell, endpoint: Endpoint, planned: PlannedBurst, hold: float, tag: Tag) -> list[Request]:
    workload, place = cell.workload, (endpoint.location, endpoint.repository)
    if isinstance(workload, TickWorkload):
        return [tick(workload.kind, *place, workload.tick)] * planned.level
    warmup = planned.phase == "warmup"
    return [
        launch(
            JobSelector(*place, runs.job),
            (runs.for_warmup() if warmup else runs).run_config_for(hold),
            dict([tag]),
        )
        for runs in workload.runs_of(planned.level)
    ]


def _ticks_beside(cell: Cell, endpoint: Endpoint, planned: PlannedBurst) -> list[tuple[float, Request]]:
    beside = None if isinstance(cell.workload, TickWorkload) else cell.workload.ticks
    if beside is None or planned.phase == "warmup":
        return []
    request = tick(beside.kind, endpoint.location, endpoint.repository, beside.tick)
    return [(0.0, request)] * beside.count

"""What a burst fires, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.experiment.plan import PlannedBurst
from harness.load.generator import LoadPlan
from harness.load.place import Elsewhere
from harness.load.requests import Request, launch, tick
from harness.load.schedule import make_schedule
from harness.scenario.cells import Cell
from harness.scenario.model import Scenario
from harness.scenario.one_kind import TickWorkload
from harness.scenario.own_code import OwnRuns
from harness.scenario.workload import RunWorkload
from harness.target.endpoint import Endpoint
from harness.target.launchables import Launchable
from harness.target.target import Tag


def load_plan(
    scenario: Scenario,
    cell: Cell,
    endpoint: Endpoint,
    kinds: Sequence[Sequence[Launchable]],
    planned: PlannedBurst,
    hold: float,
    tag: Tag,
    place: Elsewhere | None = None,
) -> LoadPlan:
    """The requests of a burst in the order of their instants.

    Args:
        scenario, cell: what is measured.
        endpoint: where it goes.
        kinds: each kind of run of the workload, as it is launched, by partition; none of ticks.
        planned: which burst.
        hold: how long its runs last, in seconds.
        tag: what its runs carry.
        place: where it comes from; None for this machine.
    """
    load = scenario.load
    shape = "burst" if planned.phase == "warmup" else load.shape
    offsets = make_schedule(shape, planned.level, load.window, scenario.seed + planned.order)
    wanted = _requests(cell, endpoint, kinds, planned, hold, tag)
    fired = list(zip(map(float, offsets), wanted, strict=True))
    fired = sorted(fired + _ticks_beside(cell, endpoint, planned), key=lambda one: one[0])
    return LoadPlan(
        url=endpoint.url,
        headers=endpoint.headers,
        requests=tuple(request for _, request in fired),
        offsets=tuple(offset for offset, _ in fired),
        timeout_seconds=scenario.timeouts.launch,
        processes=min(load.processes, len(fired)),
        place=place,
    )


def _requests(
    cell: Cell,
    endpoint: Endpoint,
    kinds: Sequence[Sequence[Launchable]],
    planned: PlannedBurst,
    hold: float,
    tag: Tag,
) -> list[Request]:
    workload = cell.workload
    if isinstance(workload, TickWorkload):
        return [tick(workload.kind, endpoint.location, endpoint.repository, workload.tick)] * planned.level
    known: list[RunWorkload] = list(workload.kinds)
    taken = [planned.order] * len(known)
    requests = []
    for runs in workload.runs_of(planned.level):
        kind = known.index(runs)
        of_partition = kinds[kind][taken[kind] % len(kinds[kind])]
        taken[kind] += 1
        requests.append(_launch(of_partition, runs, planned, hold, tag))
    return requests


def _launch(
    launchable: Launchable, runs: RunWorkload, planned: PlannedBurst, hold: float, tag: Tag
) -> Request:
    config = (runs.for_warmup() if planned.phase == "warmup" else runs).run_config_for(hold)
    tags = {**launchable.tags, **(runs.tags if isinstance(runs, OwnRuns) else {}), **dict([tag])}
    return launch(launchable.selector, merged(launchable.run_config, config), tags)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Run config of both; where both say something of one key, `above` counts."""
    return {
        **below,
        **{
            key: merged(below[key], value)
            if isinstance(value, Mapping) and isinstance(below.get(key), Mapping)
            else value
            for key, value in above.items()
        },
    }


def _ticks_beside(cell: Cell, endpoint: Endpoint, planned: PlannedBurst) -> list[tuple[float, Request]]:
    beside = None if isinstance(cell.workload, TickWorkload) else cell.workload.ticks
    if beside is None or planned.phase == "warmup":
        return []
    request = tick(beside.kind, endpoint.location, endpoint.repository, beside.tick)
    return [(0.0, request)] * beside.count

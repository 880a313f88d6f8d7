"""Finding what a cell runs in its code location, before any load: what cannot run is refused."""

from __future__ import annotations

from collections.abc import Callable

from harness.experiment.load_plan import merged
from harness.scenario.model import TickingSection
from harness.scenario.one_kind import TickSection, TickWorkload
from harness.scenario.own_code import OwnAssets, OwnRuns, PartitionRange
from harness.scenario.workload import RunWorkload, Workload
from harness.target.launchables import Launchable, Wanted
from harness.target.target import Target


def find_runs(
    target: Target, workload: Workload, say: Callable[[str], None]
) -> tuple[tuple[Launchable, ...], ...]:
    """Each kind of run of the workload as it is launched, by partition; none of ticks.

    Raises:
        CodeLocationError: the code location does not have it, or it cannot run.
    """
    kinds = () if isinstance(workload, TickWorkload) else workload.kinds
    found = tuple(_found(target, runs, say) for runs in kinds)
    tick: TickSection | None = workload if isinstance(workload, TickWorkload) else workload.ticks
    if tick is not None:
        say(f"checking {tick.kind} {tick.tick}")
        target.check_tick(tick.kind, tick.tick)
    return found


def check_sensors(target: Target, ticking: TickingSection, say: Callable[[str], None]) -> None:
    """Raise CodeLocationError unless each sensor exists that the daemon shall evaluate, and can be."""
    for name in ticking.names if ticking.windows else ():
        say(f"checking sensor {name}")
        target.check_tick("sensor", name)


def _found(target: Target, runs: RunWorkload, say: Callable[[str], None]) -> tuple[Launchable, ...]:
    wanted = _wanted(runs)
    say(f"checking {wanted.name} and its run config")
    found = target.find(wanted)
    for one in (found[0], found[-1])[: len(found)]:
        target.check_run(one.selector, merged(one.run_config, runs.run_config_for(1.0)))
    return found


def _wanted(runs: RunWorkload) -> Wanted:
    if not isinstance(runs, OwnRuns):
        return Wanted(job=runs.job)
    partition = runs.partition
    return Wanted(
        job="" if isinstance(runs, OwnAssets) else runs.job,
        assets=runs.assets if isinstance(runs, OwnAssets) else (),
        partitions=() if isinstance(partition, PartitionRange) else partition,
        first_and_last=(partition.first, partition.last) if isinstance(partition, PartitionRange) else None,
        configured=bool(runs.run_config),
    )

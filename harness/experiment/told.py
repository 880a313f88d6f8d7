"""How an experiment goes on, in lines."""

from __future__ import annotations

from collections.abc import Mapping

from harness.experiment.plan import PlannedBurst
from harness.experiment.record import BurstOutcome
from harness.results.columns import RELOAD, TICKING
from harness.results.result_document import WidthRecord
from harness.results.validity import clock_was_set
from harness.scenario.cells import Cell
from harness.scenario.model import LoadSection
from harness.scenario.one_kind import TickWorkload


def what_is_fired(burst: PlannedBurst, cell: Cell, load: LoadSection) -> str:
    """What a burst launches."""
    if burst.phase == TICKING:
        return f"{load.ticking.length:g}s of quiet, then the daemon's own ticks for as long"
    fired = "ticks" if isinstance(cell.workload, TickWorkload) else "runs"
    when = "at once" if load.shape == "burst" else f"over {load.window:g}s"
    reload = ", and a reload" if burst.phase == RELOAD else ""
    return f"{burst.level} {fired} {when}{reload}"


def what_is_planned(counts: Mapping[int, int], repeats: int) -> str:
    """Bursts by level, where levels have not as many each."""
    each = ", ".join(f"{count} at level {level}" for level, count in sorted(counts.items()))
    return f"{sum(counts.values())} bursts tell as much of one run as {repeats} at each level: {each}"


def why_no_more(width: WidthRecord) -> str:
    """Why there are no more bursts of its kind."""
    known = "not known" if width.reached is None else f"known within ±{width.reached:.1%}"
    return (
        f"{width.constant} is {known} after {width.bursts} bursts, ±{width.asked:.1%} was asked for: "
        f"{width.stopped}"
    )


def one_line(outcome: BurstOutcome) -> str:
    """What a burst cost."""
    row = outcome.row
    told: list[str] = []
    if row.launches:
        told.append(f"{row.launches} runs: {row.runs_succeeded} succeeded, {row.concurrency_peak} at once")
    if row.ticks:
        told.append(
            f"{row.ticks} ticks: {row.ticks_evaluated} evaluated, {row.tick_concurrency_peak} at "
            f"once, slowest answer {row.tick_seconds_max:.1f}s"
        )
    if row.daemon_ticks:
        told.append(f"{row.daemon_ticks} ticks of the daemon, {row.daemon_cpu_seconds:.1f} CPU-s of its own")
    told.append(f"{row.memory_peak_bytes / 2**20:.0f} MiB peak, {row.cpu_seconds:.1f} CPU-s")
    told.append(f"{row.window_seconds:.1f}s")
    if row.lost_replica:
        told.append(f"lost {row.lost_replica} ({row.lost_cause}), started again")
    if row.others:
        told.append("another experiment is measuring on this machine: they disturb each other")
    if row.phase == "disturbed":
        why = "the clock was set" if clock_was_set(row.clock_step_seconds) else "the hypervisor took CPU"
        told.append(f"to be measured again: {why}")
    return ", ".join(told)


def why_none_succeeded(outcome: BurstOutcome) -> str:
    """The first cause that a burst tells."""
    if kills := int(outcome.row.oom_kills):
        whom = f" ({outcome.row.oom_victims})" if outcome.row.oom_victims else ""
        return f"the kernel killed {kills} processes at the memory limit{whom}; raise server.memory"
    ended = ", ".join(sorted(set(outcome.tables["runs"]["status"])))
    return outcome.row.failure or f"runs ended as {ended}; see logs/"

"""The guide's formulas on measured constants, extended by what measuring showed. Pure.

    memory  = base + memory per run × runs at once + memory per tick × ticks at once
                                            (the sizing guide; ticks are ours, and so is headroom on the sum)
    both    + what a health check in the container takes, and memory of a reload, where they were measured
    cores   = base + CPU-seconds per run × launches per second          (CPU follows launches)
    cores   = base + CPU-seconds per run × runs of a burst / seconds in which they shall have started
    workers = launches that start at once + ticks at once + 1 for Pings (a run in progress needs none)
    cap     = (memory - base) / memory per run, whole

Sequences have one entry for each kind of run; the base is that of one server, the largest that was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.model.intervals import Estimate
from harness.results.sizing_document import HEALTH_CHECK, RELOAD
from harness.sizing.costs import Costs

Bound = Literal["value", "high"]
"""Which end of a constant counts: the fitted value, or the upper end of its 95 % interval."""

TICKS = "ticks at once"


@dataclass(frozen=True)
class Term:
    """One summand: `count` times `cost`."""

    name: str
    count: float
    cost: float

    @property
    def total(self) -> float:
        """What it adds."""
        return self.count * self.cost


@dataclass(frozen=True)
class Need:
    """A sum of terms."""

    terms: tuple[Term, ...]
    binds: str = ""
    """Which of several ways to compute it gave the most; empty where there is one."""

    @property
    def total(self) -> float:
        """The sum."""
        return sum(term.total for term in self.terms)


def memory_need(
    costs: Sequence[Costs], runs: Sequence[int], ticks: int, tick_memory: Estimate | None, bound: Bound
) -> Need:
    """Bytes for so many runs of each kind and so many ticks at once; of ticks where their cost is known."""
    base = Term("base", 1, _most(costs, lambda one: one.base_memory_bytes, bound))
    of_ticks = () if tick_memory is None else (Term(TICKS, ticks, _end(tick_memory, bound)),)
    of_runs = _each(costs, runs, lambda one: one.memory_per_run_bytes, bound, "runs at once")
    checks = _if_measured(HEALTH_CHECK, costs, lambda one: one.health_check_memory_bytes, bound)
    reloads = _if_measured(RELOAD, costs, lambda one: one.reload_memory_bytes, bound)
    return Need((base, *checks, *reloads, *of_runs, *of_ticks))


def with_headroom(need: Need, share: float) -> Need:
    """A need with so much more, as a term of its own: for what constants do not know."""
    return Need((*need.terms, Term("headroom", share, need.total)), need.binds) if share else need


def cpu_need(
    costs: Sequence[Costs],
    launches_per_second: Sequence[float],
    burst: Sequence[int],
    start_within_seconds: float,
    bound: Bound,
) -> Need:
    """Cores for launches at a rate, or for a burst of them that shall have started in time; the larger.

    Args:
        costs: of each kind.
        launches_per_second: on average, by kind.
        burst: runs that are launched at one instant, by kind.
        start_within_seconds: until the last of them has started, above 0.
        bound: end of the constants.
    """
    base = Term("base", 1, _most(costs, lambda one: one.base_cpu_cores, bound))

    def each(counts: Sequence[float], name: str) -> tuple[Term, ...]:
        return _each(costs, counts, lambda one: one.cpu_seconds_per_run, bound, name)

    checks = _if_measured(HEALTH_CHECK, costs, lambda one: one.health_check_cores, bound)
    return _larger(
        (base, *checks),
        {
            "launches on average": each(launches_per_second, "launches per second"),
            "a burst": each([one / start_within_seconds for one in burst], "starts per second of a burst"),
        },
    )


def workers_need(
    costs: Sequence[Costs],
    launches_per_second: Sequence[float],
    burst: Sequence[int],
    ticks: int,
    bound: Bound,
) -> Need:
    """Threads of the gRPC pool for launches at a rate, or for a burst of them; the larger."""
    starting = sum(
        rate * _end(one.launch_seconds_per_run, bound)
        for one, rate in zip(costs, launches_per_second, strict=True)
    )
    name = "launches that start at once"
    return _larger(
        (Term(TICKS, ticks, 1), Term("Pings", 1, 1)),
        {
            "launches on average": (Term(name, math.ceil(starting), 1),),
            "a burst": (Term(name, sum(burst), 1),),
        },
    )


def runs_held(
    costs: Sequence[Costs], runs: Sequence[int], needed_bytes: float, headroom: float, memory_bytes: float
) -> int:
    """Runs at once that fit: those that the need is for, and in what is spare some of the heaviest kind.

    Args:
        costs: of each kind.
        runs: at once that the need is for, by kind.
        needed_bytes: their need, at the upper ends of the constants and with headroom.
        headroom: share that is left free of those beyond, too.
        memory_bytes: what there is, no less than the need.
    """
    heaviest = _most(costs, lambda one: one.memory_per_run_bytes, "high") * (1 + headroom)
    return sum(runs) + max(0, math.floor((memory_bytes - needed_bytes) / heaviest + 1e-9))


def _if_measured(
    name: str, costs: Sequence[Costs], cost_of: Callable[[Costs], Estimate | None], bound: Bound
) -> tuple[Term, ...]:
    """What a server has only one of at a time, where it has any: the costliest that was measured."""
    known = [_end(cost, bound) for one in costs if (cost := cost_of(one)) is not None]
    return (Term(name, 1, max(known)),) if known else ()


def _each(
    costs: Sequence[Costs],
    counts: Sequence[float],
    cost_of: Callable[[Costs], Estimate],
    bound: Bound,
    name: str,
) -> tuple[Term, ...]:
    of = [f"{name} ({one.workload})" if len(costs) > 1 else name for one in costs]
    return tuple(
        Term(title, count, _end(cost_of(one), bound))
        for title, one, count in zip(of, costs, counts, strict=True)
    )


def _larger(always: tuple[Term, ...], ways: dict[str, tuple[Term, ...]]) -> Need:
    binds = max(ways, key=lambda name: sum(term.total for term in ways[name]))
    return Need((*always, *ways[binds]), binds)


def _most(costs: Sequence[Costs], cost_of: Callable[[Costs], Estimate], bound: Bound) -> float:
    return max(_end(cost_of(one), bound) for one in costs)


def _end(cost: Estimate, bound: Bound) -> float:
    return cost.high if bound == "high" else cost.value

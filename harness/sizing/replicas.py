"""One server or replicas: the sizing guide's rules, each with the figure that decides it here. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.results.sizing_document import LayoutRecord, ReplicasRecord, RuleRecord
from harness.sizing.demand import Demand

DEFAULT = 2
"""Replicas to start with (the sizing guide): the answer to beat."""
MIB = 2**20


@dataclass(frozen=True)
class Ceiling:
    """The largest server that can be had."""

    cpus: float
    memory_bytes: float


@dataclass(frozen=True)
class ServerNeed:
    """What one server needs that takes the whole demand."""

    memory_bytes: float
    burst_cores: float
    """To start the peak in time."""
    average_cores: float
    """To keep up with the launches on average."""
    base_cores: float
    """Of a server that does nothing."""


def decide(
    demand: Demand, need: ServerNeed, ceiling: Ceiling, acceptable_loss_seconds: float
) -> ReplicasRecord:
    """How many replicas behind one name, and why.

    Every replica is sized for the whole peak: the cap on runs counts over all of them, and what it lets
    through at once goes to one (claims `replicas-round-robin`, `replicas-isolate`). So replicas lower what is
    lost and share the launches that come one by one, and cost their number times the memory.

    Args:
        demand: what is in progress, for how long, and how much of it on one of several replicas.
        need: of one server that takes it all.
        ceiling: the largest server that can be had.
        acceptable_loss_seconds: run time that may be lost when the kernel kills one server at the peak.
    """
    layouts = tuple(
        LayoutRecord(
            replicas=number,
            memory_bytes=number * need.memory_bytes,
            lost_runs=runs,
            lost_run_seconds=runs * demand.elapsed_seconds,
        )
        for number, runs in enumerate(demand.on_one_of, 1)
    )
    for_launches = _for_launches(need, ceiling)
    isolated = next((one for one in layouts if one.lost_run_seconds <= acceptable_loss_seconds), None)
    number, why = _choose(layouts, isolated, for_launches, acceptable_loss_seconds)
    return ReplicasRecord(
        replicas=number,
        why=why,
        acceptable_loss_seconds=acceptable_loss_seconds,
        layouts=layouts,
        rules=(
            _blast_radius(layouts, acceptable_loss_seconds),
            _cpu(need, ceiling, for_launches),
            _shared_state(),
            _memory(need),
            _deploys(sum(demand.average_existing)),
        ),
    )


def _for_launches(need: ServerNeed, ceiling: Ceiling) -> int:
    """Replicas without which the launches that come one by one are too many; 1 where one keeps up."""
    if need.average_cores <= ceiling.cpus or ceiling.cpus <= need.base_cores:
        return 1
    return math.ceil((need.average_cores - need.base_cores) / (ceiling.cpus - need.base_cores))


def _choose(
    layouts: tuple[LayoutRecord, ...], isolated: LayoutRecord | None, for_launches: int, acceptable: float
) -> tuple[int, str]:
    if for_launches > 1:
        number = max(DEFAULT, for_launches)
        return number, f"{for_launches} are needed to keep up with the launches; see CPU"
    one, two = layouts[0], layouts[DEFAULT - 1]
    if isolated is one:
        return 1, (
            f"one server beats the default of {DEFAULT}: what it loses when it is killed at the peak is "
            f"acceptable, and each replica more would take {_mib(one.memory_bytes)}"
        )
    if isolated is None:
        return DEFAULT, (
            f"the default of {DEFAULT} stands; with none of {len(layouts)} is the loss acceptable "
            f"({_minutes(acceptable)}), as launches at one instant go whole to one replica: divide the jobs "
            "among code locations"
        )
    if isolated.replicas <= DEFAULT:
        return DEFAULT, (
            f"the default of {DEFAULT} stands: one server loses {_minutes(one.lost_run_seconds)} when it is "
            f"killed at the peak, one of {DEFAULT} {_minutes(two.lost_run_seconds)}"
        )
    return isolated.replicas, f"the fewest with which the loss is acceptable ({_minutes(acceptable)})"


def _blast_radius(layouts: tuple[LayoutRecord, ...], acceptable: float) -> RuleRecord:
    one = layouts[0]
    told = "; ".join(
        f"one of {it.replicas} loses {it.lost_runs} runs, {_minutes(it.lost_run_seconds)}"
        if it.replicas > 1
        else f"one server loses {it.lost_runs} runs, {_minutes(it.lost_run_seconds)} of run time"
        for it in layouts
    )
    return RuleRecord(
        name="blast radius",
        favours="one server" if one.lost_run_seconds <= acceptable else "replicas",
        why=f"killed at the peak, {told}; acceptable are {_minutes(acceptable)}",
    )


def _cpu(need: ServerNeed, ceiling: Ceiling, for_launches: int) -> RuleRecord:
    told = (
        f"launches need {need.average_cores:.2f} cores on average and {need.burst_cores:.2f} to start the "
        "peak in time"
    )
    if for_launches > 1:
        return RuleRecord(name="CPU", favours="replicas", why=f"{told}; one server has {ceiling.cpus:g}")
    if need.burst_cores > ceiling.cpus:
        return RuleRecord(
            name="CPU",
            favours="neither",
            why=f"{told}; one server has {ceiling.cpus:g}, and replicas do not help a burst, which goes "
            "whole to one: allow more time with --start-within, or divide the jobs among code locations",
        )
    return RuleRecord(
        name="CPU",
        favours="neither",
        why=f"{told}; one server can have {ceiling.cpus:g}, and runs are processes that use all of them",
    )


def _shared_state() -> RuleRecord:
    return RuleRecord(
        name="shared state",
        favours="neither",
        why="every run is a process that loads its own, in one server as in many (claim shared-state): it is "
        "in the memory per run already",
    )


def _memory(need: ServerNeed) -> RuleRecord:
    return RuleRecord(
        name="memory",
        favours="one server",
        why=f"each replica takes {_mib(need.memory_bytes)} more, as launches at one instant go whole to one "
        "of them (claim replicas-round-robin); to divide the memory as well, divide the jobs among code "
        "locations",
    )


def _deploys(existing: float) -> RuleRecord:
    return RuleRecord(
        name="deploys",
        favours="replicas",
        why=f"{existing:.3g} runs are in progress on average when a server is replaced, and launches wait "
        "until it is back; replicas can be replaced one by one (the guide's word: not measured)",
    )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.3g} min"


def _mib(size_bytes: float) -> str:
    return f"{size_bytes / MIB:,.0f} MiB"

"""One server or replicas: the sizing guide's rules, each with the figure that decides it here. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.results.sizing_document import LayoutRecord, ReplicasRecord, RuleRecord
from harness.sizing.placement import Placement, Share

GAIN = 0.75
"""Of what one server needs: a replica that needs more of it is no gain worth its upkeep."""
MIB = 2**20
_LOCATIONS = "divide the jobs among code locations, each with a server of its own"


@dataclass(frozen=True)
class Ceiling:
    """The largest server that can be had."""

    cpus: float
    memory_bytes: float


@dataclass(frozen=True)
class ServerNeed:
    """What one of several replicas needs, or one server alone."""

    share: Share
    runs: int
    """On it at the target."""
    memory_bytes: float
    burst_cores: float
    """To start the peak in time."""
    average_cores: float
    """To keep up with the launches on average."""
    elapsed_seconds: float
    """For how long a run has been there, on average, that is met at any instant."""
    average_existing: float
    """Processes of runs on it, on average."""

    @property
    def lost_seconds(self) -> float:
        """Run time that has to be done again when it is killed at its peak."""
        return self.runs * self.elapsed_seconds


def decide(
    needs: Sequence[ServerNeed], placement: Placement | None, ceiling: Ceiling, acceptable_loss_seconds: float
) -> ReplicasRecord:
    """How many replicas behind one name, and why.

    Replicas are for one of two reasons: one server alone would lose too much, or cannot keep up with the
    launches. They are recommended only where launches were measured to spread over them, and one
    of them then needs and loses clearly less than one server would; else code locations do it.

    Args:
        needs: of one server that takes it all, and of one of 2, 3, ... replicas where a placement is known.
        placement: how launches were measured to spread over replicas; None where they were not.
        ceiling: the largest server that can be had.
        acceptable_loss_seconds: run time that may be lost when the kernel kills one server at the peak.
    """
    number, why = _choose(needs, placement, ceiling, acceptable_loss_seconds)
    one = needs[0]
    return ReplicasRecord(
        replicas=number,
        why=why,
        acceptable_loss_seconds=acceptable_loss_seconds,
        layouts=tuple(
            LayoutRecord(
                replicas=it.share.replicas,
                memory_bytes=it.share.replicas * it.memory_bytes,
                lost_runs=it.runs,
                lost_run_seconds=it.lost_seconds,
            )
            for it in needs
        ),
        rules=(
            _blast_radius(needs, acceptable_loss_seconds),
            _cpu(one, ceiling),
            _placement(placement),
            _shared_state(),
            _memory(needs),
            _deploys(one.average_existing),
        ),
    )


def _choose(
    needs: Sequence[ServerNeed], placement: Placement | None, ceiling: Ceiling, acceptable: float
) -> tuple[int, str]:
    one = needs[0]
    reasons = []
    if one.lost_seconds > acceptable:
        reasons.append(
            f"it loses {_minutes(one.lost_seconds)} when it is killed at the peak, and acceptable are "
            f"{_minutes(acceptable)}"
        )
    if one.average_cores > ceiling.cpus:
        reasons.append(
            f"it needs {one.average_cores:.2f} cores to keep up with the launches, of {ceiling.cpus:g}"
        )
    if not reasons:
        return 1, "one server loses little when it is killed at the peak, and keeps up with the launches"
    told = "one server is not enough: " + "; ".join(reasons)
    if placement is None:
        return 1, (
            f"{told}. How launches spread over replicas was not measured here (--placement), and what is "
            f"launched at one instant goes whole to one of them: {_LOCATIONS}"
        )
    for it in needs[1:]:
        enough = it.lost_seconds <= acceptable and it.average_cores <= ceiling.cpus
        if enough and it.memory_bytes <= GAIN * one.memory_bytes:
            return it.share.replicas, (
                f"{told}. One of {it.share.replicas} has {it.runs} runs at its peak where one server has "
                f"{one.runs}, and loses {_minutes(it.lost_seconds)}"
            )
    last = needs[-1]
    return 1, (
        f"{told}. Replicas help too little: one of {last.share.replicas} still has {last.runs} runs at its "
        f"peak of the {one.runs}, as launches at one instant go whole to one: {_LOCATIONS}"
    )


def _blast_radius(needs: Sequence[ServerNeed], acceptable: float) -> RuleRecord:
    one = needs[0]
    told = "; ".join(
        f"one of {it.share.replicas} loses {it.runs} runs, {_minutes(it.lost_seconds)}"
        if it.share.replicas > 1
        else f"one server loses {it.runs} runs, {_minutes(it.lost_seconds)} of run time"
        for it in needs
    )
    less = any(it.lost_seconds <= GAIN * one.lost_seconds for it in needs[1:])
    wanted = one.lost_seconds > acceptable
    return RuleRecord(
        name="blast radius",
        favours="one server" if not wanted else "replicas" if less else "neither",
        why=f"killed at the peak, {told}; acceptable are {_minutes(acceptable)}",
    )


def _cpu(one: ServerNeed, ceiling: Ceiling) -> RuleRecord:
    told = (
        f"launches need {one.average_cores:.2f} cores on average and {one.burst_cores:.2f} to start the "
        "peak in time"
    )
    if one.average_cores > ceiling.cpus:
        return RuleRecord(name="CPU", favours="replicas", why=f"{told}; one server has {ceiling.cpus:g}")
    if one.burst_cores > ceiling.cpus:
        return RuleRecord(
            name="CPU",
            favours="neither",
            why=f"{told}; one server has {ceiling.cpus:g}, and replicas do not help a burst, which goes "
            f"whole to one: allow more time with --start-within, or {_LOCATIONS}",
        )
    return RuleRecord(
        name="CPU",
        favours="neither",
        why=f"{told}; one server can have {ceiling.cpus:g}, and runs are processes that use all of them",
    )


def _placement(placement: Placement | None) -> RuleRecord:
    if placement is None:
        return RuleRecord(
            name="placement",
            favours="neither",
            why="how launches that come one by one spread over replicas was not measured here: give a result "
            "that tells with --placement. Those at one instant go whole to one (claim replicas-round-robin)",
        )
    return RuleRecord(
        name="placement",
        favours="neither" if placement.most_of_even >= GAIN * placement.replicas else "replicas",
        why=f"of {placement.launches} launches one by one, the busiest of {placement.replicas} got "
        f"{placement.on_busiest} ({placement.result}): at most {placement.most_of_even:.2f} × an even share. "
        "Those at one instant go whole to one (claim replicas-round-robin)",
    )


def _shared_state() -> RuleRecord:
    return RuleRecord(
        name="shared state",
        favours="neither",
        why="every run is a process that loads its own, in one server as in many (claim shared-state): it is "
        "in the memory per run already",
    )


def _memory(needs: Sequence[ServerNeed]) -> RuleRecord:
    one = needs[0]
    told = "; ".join(
        f"{it.share.replicas} take {_mib(it.share.replicas * it.memory_bytes)} together" for it in needs[1:]
    )
    return RuleRecord(
        name="memory",
        favours="one server",
        why=f"one server takes {_mib(one.memory_bytes)}"
        + (f"; {told}" if told else ", and each replica has a base of its own"),
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

"""The scenario of an attempt at a size: what was measured, at one setting. Pure."""

from __future__ import annotations

from typing import Any

from harness.errors import InputError
from harness.results.sizing_document import SizingDocument
from harness.results.trial_document import TrialDocument
from harness.scenario.model import Scenario
from harness.scenario.one_kind import TickWorkload
from harness.scenario.workload import BuiltinWorkload, MixWorkload, RunWorkload

QUEUED_SECONDS_PER_RUN = 5.0
"""Runs in a queue last so long for each that shall be at once: the daemon launches one after another."""


def scenario_of(
    sizing: SizingDocument,
    document: TrialDocument,
    cpus: float,
    memory_bytes: int,
    runs: int,
    bursts: int,
    name: str,
) -> Scenario:
    """The scenario of an attempt: what was measured, at the recommended size.

    Of a size with a cap that was asked for, the whole peak is launched and waits in the queue.
    """
    measured = Scenario.model_validate(sizing.scenario.as_written())
    waits = sizing.waiting is not None and sizing.waiting.cuts
    dagster = measured.dagster.model_dump(mode="json") | {
        "versions": [document.dagster_version],
        "coordinator": ["queued" if waits else measured.dagster.coordinator[0]],
        # what is asked for at once shall be at once, or wait for the cap that was asked for
        "max_concurrent_runs": [runs] if waits else [],
    }
    load = measured.load.model_dump(mode="json") | {
        "shape": "burst",
        "window": 0,
        "levels": [launched(sizing, runs)],
        "repeats": bursts,
        "width": None,
        "lose_server_after": 0,
    }
    given: dict[str, Any] = measured.model_dump(mode="json") | {
        "name": f"try-{name}",
        "dagster": dagster,
        "server": measured.server.model_dump(mode="json")
        | {
            "cpus": [cpus],
            "memory": [memory_bytes],
            "grpc_max_workers": [document.grpc_max_workers],
            "replicas": [1],
            "restart": False,
        },
        "workloads": [_lasting(workload_of(sizing), runs if waits else 0).model_dump(mode="json")],
        "load": load,
    }
    return Scenario.model_validate(given)


def _lasting(workload: RunWorkload | MixWorkload, at_once: int) -> RunWorkload | MixWorkload:
    """The workload in runs that last long enough for so many to be at once, though a queue starts them."""
    seconds = QUEUED_SECONDS_PER_RUN * at_once
    if (
        not isinstance(workload, BuiltinWorkload)
        or workload.duration == "auto"
        or workload.duration >= seconds
    ):
        return workload
    return workload.model_copy(update={"duration": seconds})


def launched(sizing: SizingDocument, runs: int) -> int:
    """Runs to launch so that so many are at once: all of the peak, where a cap makes the others wait."""
    return runs if sizing.waiting is None else max(runs, sizing.waiting.total)


def workload_of(sizing: SizingDocument) -> RunWorkload | MixWorkload:
    """What a burst at the peak is made of: one workload, or a mix in the proportions of the peak.

    Raises:
        InputError: the size names a workload that its scenario does not have.
    """
    measured = Scenario.model_validate(sizing.scenario.as_written())
    known = {one.label: one for one in measured.workloads if not isinstance(one, TickWorkload)}
    peak = sizing.peak if sizing.waiting is None else sizing.waiting
    wanted = {name: count for name, count in peak.runs.items() if count}
    missing = next((name for name in wanted if name not in known), None)
    if missing is not None:
        raise InputError(
            f"the size is for workload {missing}, which its scenario does not have; size it again"
        )
    if len(wanted) == 1:
        return known[next(iter(wanted))]
    if any(isinstance(known[name], MixWorkload) for name in wanted):
        raise InputError("a mix of mixes cannot be tried; measure its workloads one by one")
    parts = [{"runs": known[name].model_dump(mode="json"), "share": count} for name, count in wanted.items()]
    return MixWorkload.model_validate({"mix": parts})

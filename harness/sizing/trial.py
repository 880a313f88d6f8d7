"""Where a size is predicted to break, which attempt to make next, and how one ended. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from harness.results.result_document import CellRecord
from harness.results.sizing_document import CostRecord, KindRecord
from harness.results.trial_document import AttemptRecord, BoundaryRecord, Outcome
from harness.sizing.defaults import MOST_RUNS
from harness.sizing.shapes import MIB

LEAST_MEMORY_BYTES = 256 * MIB
"""Less memory no scenario may give."""
STEP_SHARE = 0.02
"""Memory is stepped down by this share of what is predicted to be needed."""
STEP_BYTES = 16 * MIB
"""Memory is stepped down by whole multiples of this."""

Counts = Callable[[int], Mapping[str, int]]
"""How many of so many runs are of each workload."""


@dataclass(frozen=True)
class Prediction:
    """A figure by the constants as fitted, and by the ends of their intervals."""

    value: float
    low: float
    high: float


def memory_predicted(kinds: Sequence[KindRecord], counts: Mapping[str, int]) -> Prediction:
    """Bytes that so many runs of each kind take at once: base + memory per run × runs (the sizing guide)."""
    per_run = {kind.workload: _cost(kind, "memory_per_run_bytes") for kind in kinds}
    base = max((_cost(kind, "base_memory_bytes") for kind in kinds), key=lambda cost: cost.value)

    def total(end: Callable[[CostRecord], float]) -> float:
        return end(base) + sum(number * end(per_run[name]) for name, number in counts.items())

    return Prediction(
        total(lambda cost: cost.value), total(lambda cost: cost.low), total(lambda cost: cost.high)
    )


def runs_predicted(kinds: Sequence[KindRecord], counts_of: Counts, memory_bytes: float) -> Prediction:
    """The most runs at once that fit into a memory limit; low where they cost most."""

    def most(end: Callable[[Prediction], float]) -> int:
        runs = 0
        while runs < MOST_RUNS and end(memory_predicted(kinds, counts_of(runs + 1))) <= memory_bytes:
            runs += 1
        return runs

    return Prediction(most(lambda p: p.value), most(lambda p: p.high), most(lambda p: p.low))


def memory_step(predicted_bytes: float) -> int:
    """By how much memory is made less from one attempt to the next, in bytes."""
    return max(1, math.ceil(STEP_SHARE * predicted_bytes / STEP_BYTES)) * STEP_BYTES


def next_step(known: Mapping[int, bool], guess: int, easiest: int, hardest: int) -> int | None:
    """The step to try next on the way to the last one that holds; None when it is found.

    Steps are whole numbers that get harder. The guess comes first; from there on away from what is known by
    1, 2, 4, ..., and between what held and what broke by halves.

    Args:
        known: whether a step held.
        guess: the last step that is predicted to hold.
        easiest, hardest: no step beyond these is tried.
    """
    broke = min((step for step, held in known.items() if not held), default=None)
    held = max(
        (step for step, held in known.items() if held and (broke is None or step < broke)), default=None
    )
    if held is None and broke is None:
        step = guess
    elif broke is None:
        assert held is not None
        # what held far below the guess says nothing of where it breaks
        step = guess if held < guess else held + 2 ** max(0, _tried_beyond(known, guess) - 1)
    elif held is None:
        step = broke - 2 ** max(0, len(known) - 1)
    elif broke - held > 1:
        step = guess if held < guess < broke else (held + broke) // 2
    else:
        return None
    step = min(max(step, easiest), hardest)
    return None if step in known else step


def _tried_beyond(known: Mapping[int, bool], guess: int) -> int:
    return sum(step >= guess for step in known)


def judge_attempt(folder: str, runs: int, cell: CellRecord, bursts: pd.DataFrame) -> AttemptRecord:
    """How an attempt ended, by the bursts of its cell.

    Args:
        folder: where the result is.
        runs: launched in each burst.
        cell: the only cell of the result.
        bursts: the table of bursts, warm-up included.
    """
    kills = int(bursts["oom_kills"].sum()) if len(bursts) else 0
    kills = max(kills, sum(event.times for event in cell.events if event.kind == "oom"))
    measured = bursts[bursts["phase"] == "measure"] if len(bursts) else bursts
    whole = [_held(row, runs) for _, row in measured.iterrows()]
    outcome, why = _outcome(kills, cell, measured, whole, runs)
    return AttemptRecord(
        folder=folder,
        cpus=cell.cpus,
        memory_bytes=cell.memory_bytes,
        runs=runs,
        bursts=len(measured),
        bursts_held=sum(whole),
        outcome=outcome,
        why=why,
        oom_kills=kills,
        runs_failed=int((measured["launches"] - measured["runs_succeeded"]).sum()) if len(measured) else 0,
        memory_peak_bytes=_most(measured, "memory_peak_bytes"),
        start_seconds=_most(measured, "launch_span_seconds"),
        answer_seconds=_most(measured, "launch_answer_max_seconds"),
        throttled_seconds=float(measured["throttled_seconds"].sum()) if len(measured) else None,
    )


def _outcome(
    kills: int, cell: CellRecord, measured: pd.DataFrame, whole: Sequence[bool], runs: int
) -> tuple[Outcome, str]:
    if kills:
        victims = [text for text in measured.get("oom_victims", pd.Series(dtype=str)) if text]
        where = "" if len(measured) else " in warm-up"
        told = victims[0] if victims else "; ".join(filter(None, [_processes(kills), cell.failure]))
        return "killed", f"the kernel killed {told}{where}"
    if cell.failure:
        return "unclear", cell.failure
    if whole and all(whole):
        return "held", ""
    if not len(measured):
        return "unclear", "no burst was measured"
    failed = measured[measured["runs_succeeded"] < measured["launches"]]
    if len(failed):
        return (
            "unclear",
            f"runs failed in {len(failed)} of {len(measured)} bursts, and not for want of memory",
        )
    seen = int(measured["concurrency_peak"].min())
    return "unclear", f"only {seen} of {runs} runs were there at once"


def _processes(kills: int) -> str:
    return "1 process" if kills == 1 else f"{kills} processes"


def _held(burst: pd.Series, runs: int) -> bool:
    whole = bool(burst["drained"]) and burst["runs_succeeded"] == burst["launches"]
    return bool(whole and burst["oom_kills"] == 0 and burst["concurrency_peak"] >= runs)


def runs_boundary(
    attempts: Sequence[AttemptRecord], memory_bytes: int, cap: int, predicted: Prediction, note: str = ""
) -> BoundaryRecord:
    """How many runs at once a memory limit holds, by the attempts with that limit."""
    at_limit = [one for one in attempts if one.memory_bytes == memory_bytes]
    held, broke = _edge(at_limit, lambda one: one.runs)
    return BoundaryRecord(
        axis="runs",
        runs=None,
        memory_bytes=memory_bytes,
        recommended=cap,
        predicted=predicted.value,
        predicted_low=predicted.low,
        predicted_high=predicted.high,
        held=held,
        broke=broke,
        note=note,
    )


def memory_boundary(
    attempts: Sequence[AttemptRecord], runs: int, recommended: int, predicted: Prediction, note: str = ""
) -> BoundaryRecord:
    """How little memory holds so many runs at once, by the attempts with so many."""
    held, broke = _edge([one for one in attempts if one.runs == runs], lambda one: -one.memory_bytes)
    return BoundaryRecord(
        axis="memory",
        runs=runs,
        memory_bytes=None,
        recommended=recommended,
        predicted=predicted.value,
        predicted_low=predicted.low,
        predicted_high=predicted.high,
        held=None if held is None else -held,
        broke=None if broke is None else -broke,
        note=note,
    )


def _edge(
    attempts: Iterable[AttemptRecord], hardness: Callable[[AttemptRecord], int]
) -> tuple[int | None, int | None]:
    """The hardest attempt that held below the first kill, and that kill."""
    tried = [(hardness(one), one.outcome) for one in attempts]
    broke = min((hard for hard, outcome in tried if outcome == "killed"), default=None)
    held = [hard for hard, outcome in tried if outcome == "held" and (broke is None or hard < broke)]
    return max(held, default=None), broke


def _most(frame: pd.DataFrame, column: str) -> float | None:
    values = pd.to_numeric(frame[column]).dropna() if len(frame) else pd.Series(dtype=float)
    return float(values.max()) if len(values) else None


def _cost(kind: KindRecord, name: str) -> CostRecord:
    return next(cost for cost in kind.costs if cost.name == name)

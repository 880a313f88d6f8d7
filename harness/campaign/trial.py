"""Trying a size: the attempts at it, each an ordinary experiment, and the document they end in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.campaign.bench import measure, sha256_of
from harness.campaign.means import Means
from harness.campaign.trial_scenario import scenario_of
from harness.errors import ExperimentError, InputError, MachineError
from harness.results.folder import ResultFolder
from harness.results.result_document import CellRecord
from harness.results.sizing_document import SizingDocument
from harness.results.timestamp import timestamp
from harness.results.trial_document import AttemptRecord, BoundaryRecord, TrialDocument, write_trial
from harness.scenario.model import Scenario
from harness.scenario.workload import MixWorkload, RunWorkload
from harness.sizing.defaults import MOST_RUNS
from harness.sizing.shapes import MIB
from harness.sizing.trial import (
    LEAST_MEMORY_BYTES,
    judge_attempt,
    memory_boundary,
    memory_predicted,
    memory_step,
    next_step,
    runs_boundary,
    runs_predicted,
)
from harness.stack.registry import StackName

MOST_ATTEMPTS = 12
"""A boundary that is not found by then is not where anything predicted it."""


@dataclass(frozen=True)
class _Setting:
    """What an attempt is made with."""

    name: str
    told: str
    memory_bytes: int
    runs: int


@dataclass(frozen=True)
class _Steps:
    """A way to make a size harder, in whole steps."""

    guess: int
    """The last that is predicted to hold."""
    easiest: int
    hardest: int
    step_of: Callable[[AttemptRecord], int | None]
    """Which step an attempt was; none where it was not on this way."""
    at: Callable[[int], _Setting]

    def known(self, attempts: Iterable[AttemptRecord]) -> dict[int, bool]:
        """Whether each step held that was tried."""
        tried = ((self.step_of(one), one.outcome) for one in attempts)
        return {
            step: outcome == "held" for step, outcome in tried if step is not None and outcome != "unclear"
        }


@dataclass(frozen=True)
class Trial:
    """Tries one size; every attempt is kept, and what was made already is not made again."""

    sizing: SizingDocument
    workload: RunWorkload | MixWorkload
    """What a burst is made of."""
    folder: Path
    stack: StackName
    bursts: int
    """At the recommended size."""
    boundary_bursts: int
    """At every other one."""
    means: Means

    def whole(self, document: TrialDocument, boundary: bool) -> TrialDocument:
        """The recommended size, and with `boundary` where it breaks; written down at every step."""
        self._write(document)
        document = self.size(document)
        if boundary:
            document = self.less_memory(self.more_runs(document))
        document = document.model_copy(update={"finished_at": timestamp()})
        self._write(document)
        return document

    def size(self, document: TrialDocument) -> TrialDocument:
        """Run the recommended size at its peak."""
        self.means.listener.part(f"the recommended size: {self._runs} runs at once, {self.bursts} times")
        attempt = self._attempt(
            "size", document, document.cpus, document.memory_bytes, self._runs, self.bursts
        )
        return self._keep(document, attempt)

    def more_runs(self, document: TrialDocument) -> TrialDocument:
        """Raise the runs at once, under the recommended memory, until it breaks."""
        memory_bytes, cap = document.memory_bytes, self._cap(document)
        predicted = runs_predicted(self.sizing.kinds, self._counts, memory_bytes)
        self.means.listener.part(
            f"more runs: {memory_bytes / MIB:,.0f} MiB are predicted to hold {predicted.value:.0f} at once "
            f"({predicted.low:.0f} to {predicted.high:.0f})"
        )

        def step_of(attempt: AttemptRecord) -> int | None:
            return attempt.runs if attempt.memory_bytes == memory_bytes else None

        def at(runs: int) -> _Setting:
            return _Setting(f"runs-{runs}", f"{runs} runs", memory_bytes, runs)

        steps = _Steps(max(1, int(predicted.value)), 1, MOST_RUNS, step_of, at)
        document, note = self._search(document, steps)
        return self._found(document, runs_boundary(document.attempts, memory_bytes, cap, predicted, note))

    def less_memory(self, document: TrialDocument) -> TrialDocument:
        """Lower the memory, at the recommended peak, until it breaks."""
        recommended, runs = document.memory_bytes, self._runs
        predicted = memory_predicted(self.sizing.kinds, self._counts(runs))
        step = memory_step(predicted.value)
        self.means.listener.part(
            f"less memory: {runs} runs at once are predicted to take {predicted.value / MIB:,.0f} MiB; "
            f"steps of {step / MIB:.0f} MiB"
        )

        def step_of(attempt: AttemptRecord) -> int | None:
            lower, rest = divmod(recommended - attempt.memory_bytes, step)
            return lower if attempt.runs == runs and rest == 0 else None

        def at(lower: int) -> _Setting:
            memory_bytes = recommended - lower * step
            name = f"memory-{memory_bytes // MIB}mib"
            return _Setting(name, f"{memory_bytes / MIB:,.0f} MiB", memory_bytes, runs)

        guess = max(0, math.floor((recommended - predicted.value) / step))
        hardest = max(0, (recommended - LEAST_MEMORY_BYTES) // step)
        document, note = self._search(document, _Steps(guess, 0, hardest, step_of, at))
        return self._found(document, memory_boundary(document.attempts, runs, recommended, predicted, note))

    def _search(self, document: TrialDocument, steps: _Steps) -> tuple[TrialDocument, str]:
        """Attempts on the way to the last step that holds, and why it was not found, where it was not.

        With all CPUs of the machine: it is memory that breaks it, and starts take long.
        """
        cpus = float(document.fingerprint.cpu_count or document.cpus)
        for _ in range(MOST_ATTEMPTS):
            step = next_step(steps.known(document.attempts), steps.guess, steps.easiest, steps.hardest)
            if step is None:
                break
            there = steps.at(step)
            attempt = self._attempt(
                there.name, document, cpus, there.memory_bytes, there.runs, self.boundary_bursts
            )
            document = self._keep(document, attempt)
            if attempt.outcome == "unclear":
                return document, f"{there.told}: {attempt.why}"
        return document, ""

    def _write(self, document: TrialDocument) -> None:
        """Write the document, and the report beside it."""
        write_trial(self.folder, document)
        self.means.publish(self.folder)

    @property
    def _runs(self) -> int:
        return self.sizing.peak.total

    def _cap(self, document: TrialDocument) -> int:
        cap = self.sizing.shape(document.platform).max_concurrent_runs
        assert cap is not None  # a platform without a size cannot be tried
        return cap

    def _counts(self, runs: int) -> Mapping[str, int]:
        """How many of so many runs are of each workload, as the bursts have them."""
        counts: dict[str, int] = {}
        for one in self.workload.runs_of(runs):
            counts[one.label] = counts.get(one.label, 0) + 1
        return counts

    def _attempt(
        self, name: str, document: TrialDocument, cpus: float, memory_bytes: int, runs: int, bursts: int
    ) -> AttemptRecord:
        """Measure, unless it was; an attempt that breaks off has an outcome as well.

        Raises:
            MachineError: the memory limit is not enforced here.
            Interrupted: go on with `--resume`.
        """
        scenario = scenario_of(self.sizing, document, cpus, memory_bytes, runs, bursts, name)
        folder = ResultFolder(self.folder / name)
        if not (folder.exists and _over(folder, scenario)):
            try:
                measure(scenario, self.stack, folder.path, folder.exists, self.means)
            except ExperimentError as error:
                self.means.listener.trouble(f"broke off: {error}")
        cell = folder.read_document().cells[0]
        if cell.limits is not None and not cell.limits.enforced:
            raise MachineError(
                f"the memory limit is not enforced here ({cell.limits.reason}), so no size can be tried; "
                "run as root, or with --stack compose"
            )
        attempt = judge_attempt(name, runs, cell, folder.table("bursts"))
        self.means.listener.attempted(attempt)
        return attempt

    def _keep(self, document: TrialDocument, attempt: AttemptRecord) -> TrialDocument:
        others = tuple(one for one in document.attempts if one.folder != attempt.folder)
        document = document.model_copy(update={"attempts": (*others, attempt)})
        self._write(document)
        return document

    def _found(self, document: TrialDocument, boundary: BoundaryRecord) -> TrialDocument:
        others = tuple(one for one in document.boundaries if one.axis != boundary.axis)
        document = document.model_copy(update={"boundaries": (*others, boundary)})
        self._write(document)
        return document


def _over(folder: ResultFolder, scenario: Scenario) -> bool:
    """Whether an attempt was made to its end, however it ended."""
    document = folder.read_document()
    if document.scenario_sha256 != sha256_of(scenario):
        raise InputError(
            f"{folder.path}: holds an attempt with other options; give the same, or choose another --out"
        )
    cell: CellRecord = document.cells[0]
    return cell.state == "finished" or bool(cell.failure)

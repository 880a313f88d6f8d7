"""From claims to their verdicts: the experiments they need, and the folder that holds both."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Literal

import harness
import workloads
from harness.campaign.bench import measure_rest
from harness.campaign.means import Means
from harness.claims.base import Claim, Range
from harness.claims.judge import decide, unmet
from harness.claims.measured import Measured
from harness.claims.registry import CLAIMS
from harness.errors import ExperimentError, Interrupted, MachineError, ResultError
from harness.results.claims_document import (
    CLAIMS_SCHEMA_VERSION,
    ClaimRecord,
    ClaimsDocument,
    NumberRecord,
    ThresholdRecord,
    read_claims,
    write_claims,
)
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.folder import ResultFolder
from harness.results.timestamp import timestamp
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.stack.registry import StackName

SCENARIOS = Path(next(iter(workloads.__path__))) / "scenarios" / "claims"


def measure_claims(
    chosen: tuple[Claim, ...], folder: Path, stack: StackName, resume: bool, means: Means
) -> tuple[ClaimsDocument, list[str]]:
    """Measure what the chosen claims need and `folder` does not hold yet, and decide them.

    Returns:
        The verdicts, and the names of the experiments that broke off; all others were measured.

    Raises:
        ResultError: the folder holds claims already, or experiments with other scenarios.
        Interrupted: what was measured is kept, and decided where it suffices.
    """
    document = begin_claims(folder, stack, resume, means)
    wanted = _experiments(testable(chosen, document))
    broken: list[str] = []
    began = time.monotonic()
    for number, (name, ids) in enumerate(wanted.items(), 1):
        so_far = f"{(time.monotonic() - began) / 60:.0f} min so far"
        means.listener.part(f"experiment {number} of {len(wanted)}, {so_far}: {name} (for {', '.join(ids)})")
        scenario = load_scenario(scenario_file(name)).scenario
        try:
            measure_rest(scenario, _stack_of(scenario, stack), folder / name, means)
        except Interrupted:
            judge_claims(chosen, folder, document, means.publish)
            raise Interrupted(
                f"interrupted; what was measured is in {folder}; go on with: dagster-sizing claims --resume "
                f"--out {folder}"
            ) from None
        except (ExperimentError, MachineError) as error:
            broken.append(name)
            means.listener.trouble(f"broke off: {error}")
        document = judge_measured(chosen, ids, folder, document, means)
    return finish_claims(chosen, folder, document, means), broken


def testable(chosen: Iterable[Claim], document: ClaimsDocument) -> tuple[Claim, ...]:
    """Those of the claims for which the machine has what they need."""
    return tuple(claim for claim in chosen if not unmet(claim, document.fingerprint))


def scenario_file(experiment: str) -> Path:
    """Of an experiment of the claims."""
    return SCENARIOS / f"{experiment}.yaml"


def judge_measured(
    chosen: Iterable[Claim], ids: Collection[str], folder: Path, document: ClaimsDocument, means: Means
) -> ClaimsDocument:
    """Decide what experiments that have ended bear on, and tell of it: some rules simulate for seconds."""
    concerned = tuple(claim for claim in chosen if claim.id in ids)
    document = judge_claims(concerned, folder, document, means.publish)
    for record in document.claims:
        if record.id in ids and all((folder / e / "result.json").exists() for e in record.experiments):
            means.listener.decided(record)
    return document


def finish_claims(
    chosen: tuple[Claim, ...], folder: Path, document: ClaimsDocument, means: Means
) -> ClaimsDocument:
    """Decide all that was chosen; everything is measured."""
    finished = document.model_copy(update={"finished_at": timestamp()})
    return judge_claims(chosen, folder, finished, means.publish)


def judge_claims(
    chosen: tuple[Claim, ...], folder: Path, document: ClaimsDocument, publish: Callable[[Path], None]
) -> ClaimsDocument:
    """As `decide_claims`, and kept."""
    return keep_claims(folder, decide_claims(chosen, folder, document), publish)


def keep_claims(folder: Path, document: ClaimsDocument, publish: Callable[[Path], None]) -> ClaimsDocument:
    """Write claims down as they are decided; `publish` writes the report beside them."""
    write_claims(folder, document)
    publish(folder)
    return document


def decide_claims(chosen: tuple[Claim, ...], folder: Path, document: ClaimsDocument) -> ClaimsDocument:
    """Decide the chosen claims from what is in the folder, which stays as it is; so do the others."""
    results = _results(folder, {name for claim in chosen for name in claim.experiments})
    records = {record.id: record for record in document.claims}
    for claim in chosen:
        records[claim.id] = _record(claim, results, document.fingerprint)
    ordered = tuple(records[claim.id] for claim in CLAIMS if claim.id in records)
    return document.model_copy(update={"claims": ordered, "schema_version": CLAIMS_SCHEMA_VERSION})


def changed_verdicts(before: ClaimsDocument, after: ClaimsDocument) -> list[str]:
    """One line for each claim whose verdict is another one than before."""
    former = {record.id: record.verdict for record in before.claims}
    return [
        f"{record.id}: {former[record.id]} before, now {record.verdict}"
        for record in after.claims
        if record.id in former and former[record.id] != record.verdict
    ]


def begin_claims(folder: Path, stack: StackName, resume: bool, means: Means) -> ClaimsDocument:
    """The claims that the folder holds, or none yet.

    Raises:
        ResultError: it holds claims already, and they are not to be gone on with.
    """
    there = (folder / "claims.json").exists()
    if there and not resume:
        raise ResultError(f"{folder}: holds claims already; choose another --out, or add --resume")
    try:
        # Claims about replicas take containers, wherever the others are measured.
        fingerprint = means.fingerprint(StackName.compose if stack is StackName.process else stack)
    except MachineError:
        fingerprint = means.fingerprint(StackName.process).with_engine(None)
    if there:
        return read_claims(folder).model_copy(update={"fingerprint": fingerprint})
    document = ClaimsDocument(
        harness_version=harness.__version__, created_at=timestamp(), fingerprint=fingerprint, claims=()
    )
    # at once, so that --resume finds the folder even after a kill in the first experiment
    write_claims(folder, document)
    means.publish(folder)
    return document


def _experiments(claims: Iterable[Claim]) -> dict[str, list[str]]:
    """The experiments that claims need, each once, with the claims' ids."""
    wanted: dict[str, list[str]] = {}
    for claim in claims:
        for name in claim.experiments:
            wanted.setdefault(name, []).append(claim.id)
    return wanted


def _stack_of(scenario: Scenario, given: StackName) -> StackName:
    """Where an experiment is measured: what takes containers never in plain processes."""
    server = scenario.server
    needs_containers = server.restart or max(server.replicas) > 1
    return StackName.compose if needs_containers and given is StackName.process else given


def _results(folder: Path, names: Iterable[str]) -> dict[str, Measured]:
    results: dict[str, Measured] = {}
    for name in names:
        result = ResultFolder(folder / name)
        if result.exists:
            results[name] = Measured(result.read_document(), result.table)
    return results


def _record(claim: Claim, results: Mapping[str, Measured], fingerprint: FingerprintRecord) -> ClaimRecord:
    lacking = unmet(claim, fingerprint)
    decision = decide(claim, results, lacking)
    return ClaimRecord(
        id=claim.id,
        verdict=decision.verdict,
        evidence=decision.evidence,
        numbers=tuple(NumberRecord(**vars(number)) for number in decision.numbers),
        says=claim.says,
        doubt=claim.doubt,
        rule=claim.rule,
        thresholds=_thresholds(claim),
        advice=claim.advice,
        experiments=claim.experiments,
        needs=lacking,
        stack=", ".join(sorted({results[n].document.stack for n in claim.experiments if n in results})),
    )


def _thresholds(claim: Claim) -> tuple[ThresholdRecord, ...]:
    if claim.bounds is None:
        return ()

    def threshold(verdict: Literal["supported", "refuted"], ends: Range, unit: str) -> ThresholdRecord:
        low, high = (end if math.isfinite(end) else None for end in ends)
        return ThresholdRecord(verdict=verdict, low=low, high=high, unit=unit)

    bounds = claim.bounds
    refuted = (threshold("refuted", ends, bounds.unit) for ends in bounds.refutes)
    return (threshold("supported", bounds.supports, bounds.unit), *refuted)

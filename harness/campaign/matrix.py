"""Several Dagster versions in turns (A B A B): the rounds, each an ordinary result.

All results of a round are measured on one machine: in a cluster on one node, so that what tells nodes apart
is no difference between versions.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import harness
from harness.campaign.bench import measure_rest, sha256_of
from harness.campaign.comparison import comparison_of
from harness.campaign.kept import left_to_do, node_of, set_aside, set_aside_if_elsewhere
from harness.campaign.means import CampaignListener, Means
from harness.compare.plan import next_rounds
from harness.compare.verdicts import THRESHOLDS
from harness.errors import InputError, InvalidResultError, ResultError
from harness.results.folder import ResultFolder
from harness.results.matrix_document import MatrixDocument, RoundRecord, is_matrix, read_matrix, write_matrix
from harness.results.timestamp import timestamp
from harness.scenario.model import Scenario
from harness.stack.registry import StackName


def versions_of(scenario: Scenario, told: str) -> tuple[str, ...]:
    """The versions to measure, the baseline first: those told with commas between them, or the scenario's.

    Raises:
        InputError: fewer than two, or one twice.
    """
    versions = [one.strip() for one in told.split(",")] if told else list(scenario.dagster.versions)
    if "" in versions or len(set(versions)) != len(versions):
        raise InputError(f"--versions {told}: each version once is expected, such as 1.11.16,1.13.27")
    if len(versions) < 2:
        raise InputError("--versions: at least two are expected, such as 1.11.16,1.13.27")
    if scenario.load.width is not None:
        raise InputError(
            "load.width: versions are compared by the same bursts in every round; leave it out, and have "
            "rounds added with --until-decided"
        )
    return tuple(Scenario.model_validate(_with_versions(scenario, versions)).dagster.versions)


def begin_matrix(
    folder: Path, scenario: Scenario, versions: tuple[str, ...], rounds: int, stack: StackName, resume: bool
) -> MatrixDocument:
    """The matrix as the folder holds it, or a new one, in which versions take turns in every round.

    Raises:
        ResultError: the folder holds something else, or another matrix, or none to go on with.
    """
    document = MatrixDocument(
        harness_version=harness.__version__,
        created_at=timestamp(),
        scenario_sha256=sha256_of(Scenario.model_validate(_with_versions(scenario, list(versions)))),
        stack=stack.value,
        versions=versions,
        rounds=_records(versions, rounds),
        planned=rounds,
    )
    if not is_matrix(folder):
        if resume:
            raise ResultError(f"{folder}: no matrix to go on with; leave --resume out")
        if ResultFolder(folder).exists:
            raise ResultError(f"{folder}: holds a result; choose another --out")
        write_matrix(folder, document)
        return document
    if not resume:
        raise ResultError(f"{folder}: holds a matrix already; choose another --out, or add --resume")
    before = read_matrix(folder)
    # Rounds may have been added to those planned.
    known = before.model_copy(update={"rounds": of_numbers(before, range(1, before.shares + 1))})
    for name in ("scenario_sha256", "stack", "versions", "rounds"):
        if getattr(known, name) != getattr(document, name):
            raise ResultError(
                f"{folder}: {name}: the matrix there is of another one; give the same scenario and options"
            )
    return before


def measure_matrix(
    scenario: Scenario, document: MatrixDocument, folder: Path, stack: StackName, means: Means
) -> None:
    """Measure every round that the folder does not hold; those that came out inconclusive once more.

    Raises:
        Interrupted, ExperimentError: as `measure`; go on with the same document.
    """
    whole = sum(not left_to_do(folder / one.folder) for one in document.rounds)
    if whole:
        means.listener.note(f"{whole} of {len(document.rounds)} measured already")
    for number in numbers_of(document):
        measure_round(scenario, document, number, folder, stack, means)
    finish_matrix(folder, document)


def measure_round(
    scenario: Scenario, document: MatrixDocument, number: int, folder: Path, stack: StackName, means: Means
) -> None:
    """Measure what the folder does not hold of one round, as `measure_matrix` does of all.

    What was measured of it on another node than `means` has is kept aside, and measured again.
    """
    records = of_round(document, number)
    paths = [folder / one.folder for one in records]
    if any(map(left_to_do, paths)):
        set_aside_if_elsewhere(paths, means.place.node, "the round", means.listener.note)
    for one in records:
        if not left_to_do(folder / one.folder):
            continue
        means.listener.part(
            f"round {number} of {len(numbers_of(document))}, Dagster {one.dagster_version} "
            f"({document.rounds.index(one)} of {len(document.rounds)} done)"
        )
        _set_aside_if_inconclusive(folder / one.folder, means.listener)
        scenario_of_one = scenario_of_round(scenario, one, document.shares)
        measure_rest(scenario_of_one, stack, folder / one.folder, means)


def finish_matrix(folder: Path, document: MatrixDocument) -> None:
    """Every round is there."""
    write_matrix(folder, document.model_copy(update={"finished_at": timestamp()}))


def numbers_of(document: MatrixDocument) -> tuple[int, ...]:
    """Of the rounds, rising."""
    return tuple(dict.fromkeys(one.number for one in document.rounds))


def of_round(document: MatrixDocument, number: int) -> tuple[RoundRecord, ...]:
    """The versions of one round, in their order."""
    return of_numbers(document, (number,))


def of_numbers(document: MatrixDocument, numbers: Collection[int]) -> tuple[RoundRecord, ...]:
    """The records of some rounds, in their order."""
    return tuple(one for one in document.rounds if one.number in numbers)


def more_decided(folder: Path, document: MatrixDocument, most: int) -> tuple[MatrixDocument, int]:
    """The matrix with as many rounds as would decide more of what is open, or the same where none would.

    Beside it, how many comparisons are open.

    Args:
        folder: of the matrix, all of whose rounds are there and valid.
        document: of the matrix.
        most: rounds that it may have.

    Raises:
        InputError: the rounds are not alike.
    """
    comparison, _ = comparison_of([folder], THRESHOLDS, force=False)
    rounds, still_open = next_rounds(comparison, most), comparison.count("inconclusive")
    if rounds <= len(numbers_of(document)):
        return document, still_open
    added = _records(document.versions, rounds)
    longer = document.model_copy(update={"rounds": added, "planned": document.shares, "finished_at": ""})
    write_matrix(folder, longer)
    return longer, still_open


def node_of_round(folder: Path, document: MatrixDocument, number: int) -> str | None:
    """The node that a round was begun on, and is to be finished on; None where nothing is left to do there.

    Empty text: anywhere.
    """
    paths = [folder / one.folder for one in of_round(document, number)]
    return node_of(paths) if any(map(left_to_do, paths)) else None


def check_rounds(folder: Path, document: MatrixDocument) -> None:
    """Raise InvalidResultError, with the first reason, unless every round that is there is valid."""
    results = [(one.folder, ResultFolder(folder / one.folder)) for one in document.rounds]
    states = {name: result.read_document().validity for name, result in results if result.exists}
    bad = {name: validity for name, validity in states.items() if validity.state != "valid"}
    if bad:
        name, validity = next(iter(bad.items()))
        reason = next(one.message for one in validity.reasons if one.severity != "note")
        raise InvalidResultError(
            f"{len(bad)} of {len(states)} rounds are not valid; {name} is {validity.state}: {reason}; "
            "inconclusive rounds are measured again by the same command with --resume"
        )


def scenario_of_round(scenario: Scenario, one: RoundRecord, rounds: int) -> Scenario:
    """The scenario of one version in one round: its share of the repeats, in an order of its own."""
    dumped = _with_versions(scenario, [one.dagster_version])
    repeats = math.ceil(scenario.load.repeats / rounds)
    load = dumped["load"] | {"repeats": repeats, "design": "balanced"}  # the same bursts for each version
    return Scenario.model_validate(dumped | {"load": load, "seed": scenario.seed + one.number})


def _records(versions: Sequence[str], rounds: int) -> tuple[RoundRecord, ...]:
    return tuple(
        RoundRecord(number=number, dagster_version=version, folder=f"round-{number}-{version}")
        for number in range(1, rounds + 1)
        for version in versions
    )


def _with_versions(scenario: Scenario, versions: list[str]) -> dict[str, Any]:
    dumped = scenario.model_dump(mode="json")
    return dumped | {"dagster": dumped["dagster"] | {"versions": versions}}


def _set_aside_if_inconclusive(path: Path, listener: CampaignListener) -> None:
    """What was measured to the end on a disturbed machine gives its place to another try, and is kept."""
    if left_to_do(path) == "again":
        listener.note(f"was inconclusive: kept as {set_aside(path)}, and measured again")

"""Several Dagster versions in turns (A B A B): the rounds, each an ordinary result."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import harness
from harness.campaign.bench import measure_rest, sha256_of
from harness.campaign.means import CampaignListener, Means
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
        rounds=tuple(
            RoundRecord(number=number, dagster_version=version, folder=f"round-{number}-{version}")
            for number in range(1, rounds + 1)
            for version in versions
        ),
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
    for name in ("scenario_sha256", "stack", "versions", "rounds"):
        if getattr(before, name) != getattr(document, name):
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
    rounds = max(one.number for one in document.rounds)
    for done, one in enumerate(document.rounds):
        means.listener.part(
            f"round {one.number} of {rounds}, Dagster {one.dagster_version} "
            f"({done} of {len(document.rounds)} done)"
        )
        _set_aside_if_inconclusive(folder / one.folder, means.listener)
        measure_rest(scenario_of_round(scenario, one, rounds), stack, folder / one.folder, means)
    write_matrix(folder, document.model_copy(update={"finished_at": timestamp()}))


def check_rounds(folder: Path, document: MatrixDocument) -> None:
    """Raise InvalidResultError, with the first reason, unless every round is valid."""
    states = {
        one.folder: ResultFolder(folder / one.folder).read_document().validity for one in document.rounds
    }
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
    load = dumped["load"] | {"repeats": math.ceil(scenario.load.repeats / rounds)}
    return Scenario.model_validate(dumped | {"load": load, "seed": scenario.seed + one.number})


def _with_versions(scenario: Scenario, versions: list[str]) -> dict[str, Any]:
    dumped = scenario.model_dump(mode="json")
    return dumped | {"dagster": dumped["dagster"] | {"versions": versions}}


def _set_aside_if_inconclusive(path: Path, listener: CampaignListener) -> None:
    """What was measured to the end on a disturbed machine gives its place to another try, and is kept."""
    folder = ResultFolder(path)
    if not folder.exists:
        return
    document = folder.read_document()
    if document.validity.state != "inconclusive" or any(cell.state != "finished" for cell in document.cells):
        return
    places = (path.with_name(f"{path.name}-set-aside-{number}") for number in itertools.count(1))
    aside = next(place for place in places if not place.exists())
    path.rename(aside)
    listener.note(f"was inconclusive: kept as {aside.name}, and measured again")

"""Rounds that are added to a matrix until its comparisons are decided, on made results."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from harness.campaign.comparison import comparison_of
from harness.campaign.matrix import begin_matrix, more_decided, numbers_of, scenario_of_round
from harness.compare.plan import next_rounds, rounds_to_decide
from harness.compare.verdicts import THRESHOLDS
from harness.errors import ResultError
from harness.results.comparison_document import ComparisonDocument, DifferenceRecord, SubjectRecord
from harness.results.estimate_record import EstimateRecord
from harness.results.matrix_document import MatrixDocument, read_matrix, write_matrix
from harness.scenario.model import Scenario
from harness.stack.registry import StackName
from tests.unit.test_compare import made

VERSIONS = ("1.11.16", "1.13.27")
SCENARIO = Scenario.model_validate(
    {"name": "x", "workloads": [{"workload": "io_bound"}], "load": {"repeats": 10}}
)


def begun(folder: Path, rounds: int, resume: bool = False) -> MatrixDocument:
    return begin_matrix(folder, SCENARIO, VERSIONS, rounds, StackName.process, resume)


def measured(folder: Path, document: MatrixDocument) -> None:
    """All that is not there, of a version whose runs take some more CPU; each round has its own speed."""
    for one in document.rounds:
        if not (folder / one.folder).exists():
            cpu = 1.065 if one.dagster_version == VERSIONS[1] else 1.0
            seed = 10 * one.number + VERSIONS.index(one.dagster_version)
            made(folder / one.folder, one.dagster_version, seed, cpu=cpu, repeats=1, drift=1 + one.number / 9)
    write_matrix(folder, document.model_copy(update={"finished_at": "now"}))


def test_rounds_are_added_until_more_would_decide_nothing(tmp_path: Path) -> None:
    document = begun(tmp_path, 2)
    counts = [2]
    for _ in range(12):
        measured(tmp_path, document)
        open_before = comparison_of([tmp_path], THRESHOLDS, force=False)[0].count("inconclusive")
        longer, still_open = more_decided(tmp_path, document, 16)
        assert still_open == open_before
        if longer is document:
            break
        assert read_matrix(tmp_path) == longer
        assert not longer.finished_at
        document = longer
        counts.append(len(numbers_of(document)))
    assert counts == sorted(set(counts))
    assert len(counts) > 1
    assert counts[-1] <= 16
    assert all(later <= 2 * earlier for earlier, later in pairwise(counts))
    # the share of each round stays, whatever is added, and the same options go on with it
    assert document.shares == 2
    assert scenario_of_round(SCENARIO, document.rounds[-1], document.shares).load.repeats == 5
    assert begun(tmp_path, 2, resume=True).rounds == document.rounds
    with pytest.raises(ResultError, match="rounds: the matrix there is of another one"):
        begun(tmp_path, 3, resume=True)


def test_matrices_of_older_harnesses_go_on(tmp_path: Path) -> None:
    old = begun(tmp_path, 3).model_copy(update={"planned": 0, "schema_version": 1})
    write_matrix(tmp_path, old)
    assert begun(tmp_path, 3, resume=True).shares == 3


def compared(*ratios: tuple[float, float, float]) -> ComparisonDocument:
    """Three rounds, of which each comparison is open."""

    def subject(version: str) -> SubjectRecord:
        return SubjectRecord(label=version, dagster_version=version, results=("a", "b", "c"))

    return ComparisonDocument(
        harness_version="0",
        created_at="",
        baseline=subject("1.0.0"),
        others=(subject("2.0.0"),),
        forced=False,
        warnings=(),
        remarks=(),
        packages=(),
        observed=False,
        differences=tuple(
            DifferenceRecord(
                other="2.0.0",
                workload="io_bound",
                constant=f"c{number}",
                unit="",
                kind="memory",
                ratio=EstimateRecord(value=value, low=low, high=high, bursts=9),
                threshold=0.03,
                verdict="inconclusive",
            )
            for number, (value, low, high) in enumerate(ratios)
        ),
    )


def test_the_plan_is_for_half_of_what_can_be_decided() -> None:
    near, far, never = (1.0, 1 / 1.04, 1.04), (1.0, 1 / 1.06, 1.06), (1.029, 0.95, 1.115)
    comparison = compared(near, far, never)
    assert rounds_to_decide(comparison, 20) == [6, 12]
    assert next_rounds(comparison, 20) == 6  # twice as many are there at most, before it is looked at again
    assert next_rounds(comparison, 6) == 6
    assert next_rounds(comparison, 5) == 3
    assert next_rounds(compared(never), 20) == 3
    assert next_rounds(compared(), 20) == 3

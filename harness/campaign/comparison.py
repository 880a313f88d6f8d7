"""Results side by side, as `compare` and `report` both put them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import harness
from harness.compare.comparable import drifted, packages, remarks, unlike
from harness.compare.subject import Round, Subject, subjects_of
from harness.compare.verdicts import compare
from harness.errors import InputError, InvalidResultError
from harness.results.comparison_document import ComparisonDocument, Kind, SubjectRecord
from harness.results.folder import ResultFolder
from harness.results.matrix_document import is_matrix, rounds_of
from harness.results.timestamp import timestamp

SEED = 1


def comparison_of(
    results: Sequence[Path], limits: Mapping[Kind, float], force: bool
) -> tuple[ComparisonDocument, list[Subject]]:
    """Compare result folders, or the rounds of a matrix; the first version is the baseline.

    Args:
        results: at least one folder.
        limits: share up to which a change is none that matters, by kind.
        force: compare what is not alike or not valid too, and say so.

    Raises:
        InvalidResultError: a result is not valid.
        InputError: there is one version only, or they are not alike.
        ResultError: a folder cannot be read.
    """
    subjects = subjects_of([_group(path) for path in results])
    if len(subjects) < 2:
        raise InputError(f"{results[0]}: only one version there; name a second result")
    baseline, *others = subjects
    warnings = _check(baseline, others, force)
    comparison = ComparisonDocument(
        harness_version=harness.__version__,
        created_at=timestamp(),
        baseline=_record(baseline),
        others=tuple(map(_record, others)),
        forced=bool(warnings),
        warnings=tuple(warnings),
        remarks=tuple(text for other in others for text in remarks(baseline, other)),
        packages=packages(subjects),
        observed=baseline.rounds[0].document.observed is not None,
        differences=compare(baseline, others, limits, SEED),
    )
    return comparison, subjects


def _group(path: Path) -> tuple[str, Sequence[Round]]:
    """A result alone, or the rounds of a matrix."""
    folders = rounds_of(path) if is_matrix(path) else [ResultFolder(path)]
    return path.name, [Round(folder.read_document(), folder.table("bursts")) for folder in folders]


def _check(baseline: Subject, others: Sequence[Subject], force: bool) -> list[str]:
    """What speaks against the comparison, where it was overridden.

    Raises:
        InvalidResultError: a result is not valid.
        InputError: they are not alike.
    """
    invalid = [
        f"{one.document.name} is {one.document.validity.state}"
        for subject in (baseline, *others)
        for one in subject.rounds
        if one.document.validity.state != "valid"
    ]
    if invalid and not force:
        raise InvalidResultError(
            f"{invalid[0]}; measure it again, or compare with --force, which will be said"
        )
    apart = [text for other in others for text in unlike(baseline, other)]
    apart += [text for subject in (baseline, *others) for text in drifted(subject)]
    if apart and not force:
        raise InputError(f"{apart[0]}; compare what was measured alike, or insist with --force")
    return list(dict.fromkeys(invalid + apart))


def _record(subject: Subject) -> SubjectRecord:
    return SubjectRecord(
        label=subject.label,
        dagster_version=subject.dagster_version,
        results=tuple(one.document.name for one in subject.rounds),
    )

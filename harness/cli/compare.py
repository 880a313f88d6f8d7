"""`dagster-sizing compare`: did anything get costlier?"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import harness
from harness.cli.options import thresholds_of
from harness.cli.progress import make_console
from harness.compare.comparable import packages, remarks, unlike
from harness.compare.subject import Round, Subject, subjects_of
from harness.compare.verdicts import THRESHOLDS
from harness.compare.verdicts import compare as differences_of
from harness.errors import InconclusiveError, InputError, InvalidResultError, RegressionError
from harness.experiment.start import timestamp
from harness.report.comparison import headline, print_comparison, render_comparison_markdown, render_junit
from harness.results.comparison import ComparisonDocument, SubjectRecord
from harness.results.folder import ResultFolder
from harness.results.matrix import is_matrix, rounds_of

SEED = 1


class Format(StrEnum):
    """Ways to print a comparison."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"
    JUNIT = "junit"


class FailOn(StrEnum):
    """What ends with an exit code other than 0."""

    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    NOTHING = "nothing"


def compare(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="Result folders, or the folder of one matrix. The first version is the baseline.",
        ),
    ],
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            metavar="KIND=SHARE",
            help="A change up to this share is none that matters: "
            + ", ".join(f"{kind}={share:g}" for kind, share in THRESHOLDS.items())
            + ". May be given several times.",
        ),
    ] = None,
    fail_on: Annotated[
        FailOn,
        typer.Option(help="Exit code 7 on a regression; with `inconclusive` also 8 where something is open."),
    ] = FailOn.REGRESSED,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also write comparison.json, comparison.md and comparison.xml (JUnit) there.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compare even what is not alike or not valid; will be said.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Compare results of two or more Dagster versions, constant by constant, and say what got costlier.

    Each constant gets its ratio to the baseline's with a 95 % interval, and a permutation test over bursts,
    corrected for the number of comparisons. `regressed` and `improved`: by more than the threshold of its
    kind, and not by chance. `no change`: the interval is within the threshold. `inconclusive`: anything else.

    Results from different machines, cgroup versions, stacks or scenarios are refused, and results that are
    not valid. What else differs between the environments (grpcio, SQLAlchemy, ...) is listed. Measure with
    `dagster-sizing matrix`, whose rounds take turns, so that a drift of the machine hits all versions alike.
    """
    limits = thresholds_of(threshold or (), THRESHOLDS)
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
        differences=differences_of(baseline, others, limits, SEED),
    )
    texts = {
        Format.JSON: lambda: comparison.model_dump_json(indent=2) + "\n",
        Format.MARKDOWN: lambda: render_comparison_markdown(comparison),
        Format.JUNIT: lambda: render_junit(comparison),
    }
    if out is not None:
        endings = {Format.JSON: "json", Format.MARKDOWN: "md", Format.JUNIT: "xml"}
        for kind, ending in endings.items():
            ResultFolder(out).write_text(f"comparison.{ending}", texts[kind]())
    if output is Format.TABLE:
        print_comparison(comparison, make_console())
    else:
        typer.echo(texts[output](), nl=False)
    _end(comparison, fail_on)


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
    if apart and not force:
        raise InputError(f"{apart[0]}; compare what was measured alike, or insist with --force")
    return list(dict.fromkeys(invalid + apart))


def _record(subject: Subject) -> SubjectRecord:
    return SubjectRecord(
        label=subject.label,
        dagster_version=subject.dagster_version,
        results=tuple(one.document.name for one in subject.rounds),
    )


def _end(comparison: ComparisonDocument, fail_on: FailOn) -> None:
    if fail_on is FailOn.NOTHING:
        return
    if comparison.count("regressed"):
        raise RegressionError(headline(comparison))
    if fail_on is FailOn.INCONCLUSIVE and comparison.count("inconclusive"):
        raise InconclusiveError(headline(comparison))

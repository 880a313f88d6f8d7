"""`dagster-sizing compare`: did anything get costlier?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.campaign.comparison import comparison_of
from harness.cli.options import format_option, thresholds_of
from harness.cli.pages import comparison_page
from harness.cli.progress import make_console
from harness.compare.verdicts import THRESHOLDS
from harness.errors import InconclusiveError, RegressionError
from harness.report.comparison_text import (
    headline,
)
from harness.report.renderers import Format, print_document, rendered
from harness.results.comparison_document import ComparisonDocument
from harness.results.folder import ResultFolder


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
            + ". May be given several times. Some have a negligible amount too: docs/constants.md.",
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
            help="Also write comparison.html, .json, .md and .xml (JUnit) there.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compare even what is not alike or not valid; will be said.")
    ] = False,
    output: Annotated[Format, format_option("comparison")] = Format.TABLE,
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
    comparison, subjects = comparison_of(results, limits, force)
    if out is not None:
        endings = {Format.JSON: "json", Format.MARKDOWN: "md", Format.JUNIT: "xml"}
        for kind, ending in endings.items():
            ResultFolder(out).write_text(f"comparison.{ending}", rendered("comparison", kind, comparison))
        ResultFolder(out).write_text("comparison.html", comparison_page(comparison, subjects))
    print_document("comparison", output, comparison, console=make_console())
    _end(comparison, fail_on)


def _end(comparison: ComparisonDocument, fail_on: FailOn) -> None:
    if fail_on is FailOn.NOTHING:
        return
    if comparison.count("regressed"):
        raise RegressionError(headline(comparison))
    if fail_on is FailOn.INCONCLUSIVE and comparison.count("inconclusive"):
        raise InconclusiveError(headline(comparison))

"""`dagster-sizing fit`: fit the constants of a result again, from its raw tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.campaign.refit import needed_tables, refitted, refuse_poorer
from harness.cli.course import courses_of
from harness.cli.progress import make_console
from harness.report.markdown import render_markdown
from harness.report.terminal import print_result
from harness.results.folder import ResultFolder
from harness.results.validity import judge


def fit(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Result folder.")],
    force: Annotated[bool, typer.Option("--force", help="Fit although the result is not valid.")] = False,
) -> None:
    """Fit the constants again from the raw tables, and write result.json and report.md anew."""
    folder = ResultFolder(result)
    before = folder.read_document()
    if before.observed is not None:
        from harness.campaign.observed_refit import refit_observed, write_observed

        fitted = refit_observed(folder, before, force)
        write_observed(folder, fitted)
        document, courses = fitted.document, {}
    else:
        tables, courses = needed_tables(folder), courses_of(folder)
        judged = before.model_copy(update={"validity": judge(before.cells, tables["bursts"])})
        document = refitted(judged, tables, force)
        refuse_poorer(folder.path, tables["bursts"], before, document)
        folder.write_document(document)
    folder.write_text("report.md", render_markdown(document, courses))
    print_result(document, courses, make_console())

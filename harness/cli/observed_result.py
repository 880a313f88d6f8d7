"""What `observe` and `bench --attach` end with: the folder, and what is printed of it."""

from __future__ import annotations

from rich.console import Console

from harness.campaign.observation import Observed
from harness.campaign.observed_refit import write_observed
from harness.cli.pages import page_or_warning
from harness.report.markdown import render_markdown
from harness.report.terminal import print_result
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.sizing.observed_fit import ObservedResult


def publish_observed(
    folder: ResultFolder, seen: Observed, fitted: ObservedResult, console: Console
) -> ResultDocument:
    """Write all that was seen and fitted, print it, and name the folder and its page."""
    for name, table in seen.tables.items():
        folder.write_table(name, table)
    write_observed(folder, fitted)
    folder.write_text("report.md", render_markdown(fitted.document, {}))
    print_result(fitted.document, {}, console)
    page = page_or_warning(folder.path) or folder.path / "report.md"
    console.print(f"\nresult: {folder.path}   report: {page}", highlight=False, markup=False, soft_wrap=True)
    return fitted.document

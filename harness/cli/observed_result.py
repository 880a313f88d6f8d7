"""What `observe` and `bench --attach` end with: the fit, the folder, and what is printed of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from harness.campaign.observation import Observed
from harness.campaign.observed_refit import write_observed
from harness.cli.pages import page_or_warning
from harness.report.markdown import render_markdown
from harness.report.terminal import print_result
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.sizing.observed_fit import fit_observed


def finish_observed(folder: ResultFolder, seen: Observed, force: bool, console: Console) -> ResultDocument:
    """Fit what was seen, write all of it, print it, and name the folder and its page."""
    fitted = fit_observed(seen.document, seen.tables, force)
    for name, table in seen.tables.items():
        folder.write_table(name, table)
    write_observed(folder, fitted)
    folder.write_text("report.md", render_markdown(fitted.document, {}))
    print_result(fitted.document, {}, console)
    page = page_or_warning(folder.path) or folder.path / "report.md"
    console.print(f"\nresult: {folder.path}   report: {page}", highlight=False, markup=False, soft_wrap=True)
    return fitted.document


@contextmanager
def telling(console: Console) -> Iterator[Callable[[str], None]]:
    """Shows how reading goes on: in place on a terminal, else a line for each kind of thing."""
    if console.is_terminal:
        with console.status("reading") as status:
            yield lambda text: status.update(escape(text))
        return
    told: set[str] = set()

    def say(text: str) -> None:
        kind = re.sub(r"[\d,.]+", "#", text)
        if kind not in told:
            told.add(kind)
            console.print(text, markup=False, highlight=False)

    yield say

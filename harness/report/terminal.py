"""A result on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from harness.report import levels, observed_text, text
from harness.report.table import print_table
from harness.results.result_document import ResultDocument

_COLOURS = {"valid": "green", "inconclusive": "yellow", "invalid": "red"}


def print_result(document: ResultDocument, courses: levels.Courses, console: Console) -> None:
    """Print a whole result: validity, constants and levels of every cell.

    Args:
        document: with its levels.
        courses: memory over time, by cell; may be empty.
        console: to print to.
    """
    colour = _COLOURS[document.validity.state]
    console.print(
        f"\n[bold]{escape(document.name)}[/bold]: [{colour}]{escape(text.headline(document))}[/{colour}]"
    )
    observed = document.observed
    machine = document.fingerprint.in_a_line if observed is None else observed_text.headline(observed)
    console.print(machine, markup=False, highlight=False, style="dim")
    for line in text.reasons(document):
        console.print(f"- {line}", markup=False, highlight=False)
    if observed is not None:
        _print(console, "Lives of the server", observed_text.lives_table(observed))
        if document.cells and document.cells[0].levels:
            _print(console, observed_text.LEVELS, observed_text.levels_table(document.cells[0]))
        for line in ("", *observed_text.lines(observed)):
            console.print(line, markup=False, highlight=False)
    for cell in document.cells:
        console.print(f"\n[bold]{escape(cell.workload)}[/bold]  {escape(text.setting(cell))}")
        if cell.constants:
            _print(console, "Constants", text.constants_table(cell))
        for line in text.design(document.scenario, cell):
            console.print(f"\n{line}", markup=False, highlight=False)
        if observed is not None:
            continue
        if begun := text.start(cell):
            console.print(f"\n{' '.join(begun)}", markup=False, highlight=False)
        if cell.levels:
            _print(console, "Peak memory by every measure", levels.memory(cell))
            if line := levels.course(cell, courses):
                console.print(f"\n{line}", markup=False, highlight=False)
            if (parts := text.peak_table(cell))[1]:
                _print(console, text.PEAK, parts)
            _print(console, "Work", levels.work(cell))
            if (pings := text.pings_table(cell))[1]:
                _print(console, "Pings, beside the bursts", pings)
            if cell.replicas > 1:
                _print(console, "Code servers, all bursts", levels.replicas(cell))
        else:
            console.print("no burst measured yet", style="dim")
        if cell.events:
            console.print()
        for line in text.events(cell):
            console.print(line, markup=False, highlight=False)


def print_time(document: ResultDocument, console: Console, whole_seconds: float | None = None) -> None:
    """Print where the time went; nothing of a result that does not tell.

    Args:
        document: of the result.
        console: to print to.
        whole_seconds: that the command took in all, if it did nothing but measure this result.
    """
    table = text.time_table(document, whole_seconds)
    if table[1]:
        _print(console, text.TIME, table)


def _print(console: Console, title: str, table: text.Table) -> None:
    console.print()
    print_table(console, title, *table, words=("remark", "step", "what", *levels.DRAWN))

"""A result on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from harness.report import text
from harness.results.document import ResultDocument

_COLOURS = {"valid": "green", "inconclusive": "yellow", "invalid": "red"}


def print_result(document: ResultDocument, console: Console) -> None:
    """Print a whole result: validity, constants and levels of every cell."""
    colour = _COLOURS[document.validity.state]
    console.print(
        f"\n[bold]{escape(document.name)}[/bold]: [{colour}]{escape(text.headline(document))}[/{colour}]"
    )
    console.print(text.machine(document.fingerprint), markup=False, highlight=False, style="dim")
    for line in text.reasons(document):
        console.print(f"- {line}", markup=False, highlight=False)
    for cell in document.cells:
        console.print(f"\n[bold]{escape(cell.workload)}[/bold]  {escape(text.setting(cell))}")
        if cell.constants:
            _print_table(console, "Constants", text.constants_table(cell))
        if cell.levels:
            _print_table(console, "Peak memory by every measure", text.memory_table(cell))
            _print_table(console, "Work", text.work_table(cell))
            if (pings := text.pings_table(cell))[1]:
                _print_table(console, "Pings, beside the bursts", pings)
            if cell.replicas > 1:
                _print_table(console, "Code servers, all bursts", text.replicas_table(cell))
        else:
            console.print("no burst measured yet", style="dim")
        for line in text.events(cell):
            console.print(line, markup=False, highlight=False)


def _print_table(console: Console, title: str, table: text.Table) -> None:
    header, rows = table
    rendered = RichTable(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for index, name in enumerate(header):
        last_is_text = header[-1] == "remark" and index == len(header) - 1
        rendered.add_column(name, justify="left" if index == 0 or last_is_text else "right")
    for row in rows:
        rendered.add_row(*(escape(cell) for cell in row))
    console.print(rendered)

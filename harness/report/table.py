"""Tables on the terminal, the same in every report."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

_SHORT = 12
"""Characters of a column that should not be broken at all, as long as there is room."""


def print_table(
    console: Console,
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str | Text]],
    words: Collection[str] = (),
) -> None:
    """Print a table; what is too wide for the terminal goes on in the next line, and is not cut off.

    Args:
        console: to print to.
        title: above it; may be empty.
        header: names of the columns.
        rows: cells, which are shown as they are; a `Text` may have a colour.
        words: columns that hold words or bars; the first column does too, and all others hold figures.
    """
    columns = [[str(cell) for cell in column] for column in zip(header, *rows, strict=True)]
    whole = [max(map(len, column)) for column in columns]
    gap = 2 if sum(whole) + 2 * len(whole) <= console.width else 1
    widths = _widths(columns, whole, console.width - gap * len(whole) + 1)
    table = RichTable(
        title=Text(title, style="bold") if title else None,
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, gap - 1, 0, 0),
    )
    for index, (name, width) in enumerate(zip(header, widths, strict=True)):
        left = index == 0 or name in words
        table.add_column(
            _shown(name, width), justify="left" if left else "right", width=width, overflow="fold"
        )
    for row in rows:
        table.add_row(*map(_shown, row, widths))
    console.print(table)


def _widths(columns: Sequence[Sequence[str]], whole: Sequence[int], room: int) -> list[int]:
    """Widths of columns that fit into `room`: no word is broken while others can go into the next line."""
    widths = [max((len(word) for cell in column for word in cell.split()), default=1) for column in columns]
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    for index in sorted(range(len(whole)), key=whole.__getitem__):
        if whole[index] <= _SHORT and sum(widths) + whole[index] - widths[index] <= room:
            widths[index] = whole[index]
    while sum(widths) < min(room, sum(whole)):
        lines = [natural / width for natural, width in zip(whole, widths, strict=True)]
        widths[lines.index(max(lines))] += 1
    return widths


def _shown(cell: str | Text, width: int) -> Text:
    if isinstance(cell, Text):
        return cell
    return Text(" ".join(_broken(word, width) for word in cell.split(" ")))


def _broken(word: str, width: int) -> str:
    """Names of constants that are too long go on after an underscore."""
    at = word.rfind("_", 0, width) + 1
    if len(word) <= width or at == 0:
        return word
    return f"{word[:at]}\n{_broken(word[at:], width)}"

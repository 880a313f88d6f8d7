"""The progress of an experiment: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from harness.experiment.listener import Listener
from harness.report.text import time_left

PLAIN_WIDTH = 140
"""Columns where there is no terminal to ask, as in a CI log: wide enough for every table."""


def make_console() -> Console:
    """The console all commands print to."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=PLAIN_WIDTH)


@contextmanager
def observe(console: Console) -> Iterator[Listener]:
    """A listener that suits `console`."""
    if not console.is_terminal:
        yield PlainLines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress)


class PlainLines:
    """One line per event, with the time since the start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def cell_started(self, number: int, cells: int, label: str) -> None:
        """A heading."""
        self._line(f"cell {number} of {cells}: {label}")

    def say(self, what: str) -> None:
        """What is happening."""
        self._line(f"  {what}")

    def planned(self, bursts: int, seconds: float) -> None:
        """The plan and its length."""
        self._line(f"  {bursts} bursts to measure, {time_left(seconds)}")

    def burst_done(self, text: str, bursts_left: int, seconds_left: float) -> None:
        """What a burst cost."""
        self._line(f"    {text} ({bursts_left} bursts left in this cell, {time_left(seconds_left)})")

    def cell_finished(self, label: str) -> None:
        """The end of a cell."""
        self._line(f"  finished {label}")

    def _line(self, text: str) -> None:
        elapsed = int(time.monotonic() - self._began)
        self._console.print(
            f"{elapsed // 60:02d}:{elapsed % 60:02d} {text}", markup=False, highlight=False, soft_wrap=True
        )


class Bars:
    """A bar per cell; what bursts cost scrolls by above it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None, left="")
        self._cell = ""

    def cell_started(self, number: int, cells: int, label: str) -> None:
        """A new bar of unknown length."""
        self._cell = f"[{number}/{cells}] {label}"
        self._progress.reset(self._task, total=None, description=self._cell, left="")

    def say(self, what: str) -> None:
        """What is happening, beside the bar."""
        self._progress.update(self._task, description=f"{self._cell}: {what}")

    def planned(self, bursts: int, seconds: float) -> None:
        """The bar gets its length."""
        self._progress.update(self._task, total=bursts, completed=0, left=time_left(seconds))

    def burst_done(self, text: str, bursts_left: int, seconds_left: float) -> None:
        """One step forward."""
        self._progress.console.print(f"  {text}", markup=False, highlight=False)
        self._progress.update(self._task, advance=1, left=time_left(seconds_left))

    def cell_finished(self, label: str) -> None:
        """The cell's line stays on the screen."""
        self._progress.console.print(f"finished {label}", markup=False, highlight=False)

"""What importing the code of a location costs, timed on its own before the code server starts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.scenario.model import LocationSection
from harness.stack.server_command import directory_of

UNCOUNTED = 1
"""The first import reads from the disk, and may compile: it is left out where others follow."""
COUNTED = 3
ENOUGH_SECONDS = 45.0
"""After so long no further import is begun: one that takes long is timed once."""

PROBE = Path(__file__).with_name("import_probe.py")
MARK = "dagster-sizing import: "
"""Begins the line with its figures, as the code may print lines of its own."""

Run = Callable[[list[str], float], str]
"""Runs the environment's Python with arguments, and a time-out in seconds, where the code server will run;
returns what it printed, and nothing where it failed."""


@dataclass(frozen=True)
class Import:
    """One import of the code, in a process that has Dagster already."""

    seconds: float
    cpu_seconds: float
    memory_bytes: int | None
    """Memory of the process's own by which it grew; None where the system does not tell."""


def time_imports(location: LocationSection, run: Run, timeout: float) -> tuple[Import, ...]:
    """Import the code some times, each in a process of its own; none where it cannot be imported like this.

    Why it cannot is for the code server to tell, which imports it next.

    Args:
        location: whose code; paths as they are where it runs.
        run: runs Python there.
        timeout: of all imports together, in seconds.
    """
    if location.command:
        return ()
    directory = directory_of(location)
    target = {
        "python_file": None if location.python_file is None else str(location.python_file),
        "module": location.module or location.package,
        "working_directory": None if directory is None else str(directory),
    }
    arguments = ["-c", PROBE.read_text("utf-8"), json.dumps(target), MARK]
    found: list[Import] = []
    began = time.monotonic()
    while len(found) < UNCOUNTED + COUNTED and (spent := time.monotonic() - began) < ENOUGH_SECONDS:
        figures = read_figures(run(arguments, timeout - spent))
        if figures is None:
            return ()
        found.append(figures)
    return tuple(found[UNCOUNTED:] or found)


def read_figures(printed: str) -> Import | None:
    """What the probe printed last; None where it did not."""
    lines = [line for line in printed.splitlines() if line.startswith(MARK)]
    return Import(**json.loads(lines[-1][len(MARK) :])) if lines else None

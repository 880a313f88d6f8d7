"""What Dagster says went wrong, as one line: the first cause, and what mends it where that is known. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ERROR_FIELDS = "message cause { message } causes { message }"
"""What to ask of a PythonError over GraphQL; the same in Dagster 1.8 to 1.13."""

_LENGTH = 500
_RAISED = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Violation\w*)\b:? ?")
"""Begin of the line of a traceback that names an exception."""

_KNOWN: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r'environment variable "?(?P<name>\w+)"? which is not set'),
        "environment variable {name} is not set; set it under server.env or in server.env_file",
    ),
    (
        re.compile(r"No module named '(?P<name>[\w.]+)'"),
        "No module named {name!r}; if it is a package that the code needs, add it to location.requirements; "
        "if it is your own, set location.working_directory",
    ),
    (re.compile(r"(?P<said>.*non-partitioned run.*)"), "{said}; give the workload a partition"),
)
"""What Dagster and Python say, and what we say of it: the first that fits."""


def first_cause(error: Mapping[str, Any]) -> str:
    """The exception behind a PythonError that was asked for with `ERROR_FIELDS`, and its fix, on one line.

    Dagster wraps the user's exception in its own: the innermost says what to mend. Errors of the server's
    process come with their whole stack in the message; of that, what was raised last before it is kept.
    """
    causes = [one for one in error.get("causes") or () if one]
    causes = causes or [one for one in (error.get("cause"),) if one]
    return with_fix(raised(str((causes or [error])[-1].get("message") or "no reason given")))


def raised(text: str) -> str:
    """The last exception that a message names, without the stack behind it, on one line."""
    lines = text.split("\nStack Trace:")[0].strip().splitlines()
    named = [number for number, line in enumerate(lines) if _RAISED.match(line)]
    return one_line("\n".join(lines[named[-1] if named else 0 :]))


def with_fix(text: str) -> str:
    """`text`, or what it means where that is known."""
    for pattern, meaning in _KNOWN:
        if found := pattern.search(text):
            return meaning.format(**found.groupdict())
    return text


def one_line(text: object) -> str:
    """`text` on one line, cut to a length that is fit for a table."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join(decoded.split())[:_LENGTH]

"""The registry of output formats: what renders which document in which format.

A new format is an entry in `Format` and one in `RENDERERS` for each document that has it; commands offer what
is there. Renderers are imported when they are used.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel
from rich.console import Console


class Format(enum.StrEnum):
    """Ways to print a document."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"
    JUNIT = "junit"


Subject = Literal["result", "size", "demand", "comparison", "trend"]
_JSON = "harness.report.renderers:json_text"

RENDERERS: dict[tuple[Subject, Format], str] = {
    ("result", Format.TABLE): "harness.report.terminal:print_result",
    ("result", Format.JSON): _JSON,
    ("result", Format.MARKDOWN): "harness.report.markdown:render_markdown",
    ("size", Format.TABLE): "harness.report.sizing_text:print_sizing",
    ("size", Format.JSON): _JSON,
    ("size", Format.MARKDOWN): "harness.report.sizing_markdown:render_sizing_markdown",
    ("demand", Format.TABLE): "harness.report.demand_text:print_demand",
    ("demand", Format.JSON): _JSON,
    ("comparison", Format.TABLE): "harness.report.comparison_text:print_comparison",
    ("comparison", Format.MARKDOWN): "harness.report.comparison_text:render_comparison_markdown",
    ("comparison", Format.JSON): _JSON,
    ("comparison", Format.JUNIT): "harness.report.comparison_text:render_junit",
    ("trend", Format.TABLE): "harness.report.trend_text:print_trend",
    ("trend", Format.MARKDOWN): "harness.report.trend_text:render_trend_markdown",
    ("trend", Format.JSON): _JSON,
}
"""`module:function`. A table is printed, `function(document, ..., console)`; all others are the text that
`function(document, ...)` gives."""


def formats_of(subject: Subject) -> list[str]:
    """The formats that a document can be printed in, the default first."""
    return [output.value for one, output in RENDERERS if one == subject]


def rendered(subject: Subject, output: Format, *parts: Any) -> str:
    """A document as text; not as a table, which takes a console.

    Args:
        subject: what it is.
        output: one of `formats_of`.
        parts: the document, and what else its renderers take.
    """
    text: str = _renderer(subject, output)(*parts)
    return text


def print_document(subject: Subject, output: Format, *parts: Any, console: Console) -> None:
    """Print a document: a table to the console, all else to stdout, with nothing beside it."""
    if output is Format.TABLE:
        _renderer(subject, output)(*parts, console)
    else:
        sys.stdout.write(rendered(subject, output, *parts))


def json_text(document: BaseModel | Sequence[BaseModel], *_: Any) -> str:
    """A document, or a list of them, as JSON."""
    if isinstance(document, BaseModel):
        return document.model_dump_json(indent=2) + "\n"
    return "[" + ",\n".join(one.model_dump_json(indent=2) for one in document) + "]\n"


def _renderer(subject: Subject, output: Format) -> Callable[..., Any]:
    module, name = RENDERERS[subject, output].split(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found

"""What is wrong with a file that a user wrote, a line per problem: where, what was given, what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from harness.scenario.model import Scenario
from harness.scenario.one_kind import TicksBeside
from harness.scenario.workload import BuiltinWorkload, model_of_workload
from harness.scenario.written import FieldPath, Written, dotted

SectionOf = Callable[[FieldPath, Any], type[BaseModel]]
"""Which section of the file holds a field; of its path and the document."""

_LIKE = {  # what a field with a pattern looks like
    "versions": 'a version such as "1.13.27"',
    "python": 'a Python version such as "3.11"',
    "name": "a name of letters, digits, dots, dashes and underscores",
    "hold": "a dotted path such as ops.wait.config.seconds",
}
_EXPECTED = {  # pydantic's kinds of error, in the words of someone who writes YAML
    "tuple_type": "a list",
    "model_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "too_short": "at least one",
    "string_too_short": "some text",
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "date_from_datetime_parsing": "a date such as 2024-06-30",
    "date_from_datetime_inexact": "a date such as 2024-06-30",
}


def problems(
    error: ValidationError, document: dict[str, Any], written: Written, section_of: SectionOf
) -> Iterator[str]:
    """One line per field that does not validate."""
    items: list[Any] = list(error.errors())
    # pydantic drops a bad item from its list and then finds the list too short: that is no problem of its own
    bad = {item["loc"][:depth] for item in items for depth in range(1, len(item["loc"]))}
    told = [item for item in items if item["type"] != "too_short" or item["loc"] not in bad]
    for field, group in groupby(told, key=lambda item: _field(item["loc"], document)):
        name = dotted(field) or section_of((), document).__name__.removesuffix("File").lower()
        explained = _explain(field, list(group), section_of(field, document), written)
        yield f"{written.where(field)}: {name}: {explained}"


def _explain(field: FieldPath, items: list[Any], section: type[BaseModel], written: Written) -> str:
    first = items[0]
    if first["type"] == "extra_forbidden":
        allowed = sorted(section.model_fields)
        close = difflib.get_close_matches(str(field[-1]), allowed, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        return f"unknown key; {hint}allowed: {', '.join(allowed)}"
    if first["type"] == "missing":
        known = section.model_fields[str(field[-1])]
        return f"missing; {known.description}"
    given = first["input"]
    if first["type"] == "string_type" and isinstance(given, int | float):
        return f'text is expected; write it in quotes: "{written.words.get(field, given)}"'
    messages = [_message(item, field) for item in items]
    if len(messages) > 1:  # each tells of one kind of value that the field takes
        messages = [" or ".join(text.removesuffix(" is expected") for text in messages) + " is expected"]
    return messages[0] + _given(given, is_rule=isinstance(given, dict) and first["type"] == "value_error")


def _message(item: Any, field: FieldPath) -> str:
    kind = item["type"]
    text = str(item["msg"]).removeprefix("Value error, ")
    if kind in {"value_error", "no_kind"}:
        return text
    if kind == "string_pattern_mismatch":
        expected = _LIKE[next(part for part in reversed(field) if isinstance(part, str))]
    elif kind == "literal_error":
        expected = item["ctx"]["expected"]
    else:
        expected = _EXPECTED.get(kind, text.removeprefix("Input should be "))
    return f"{expected} is expected"


def _given(value: Any, is_rule: bool) -> str:
    if is_rule or isinstance(value, BaseModel):
        return ""  # a rule between fields: its message names them
    if value is None:
        return "; got nothing"
    return "; got a mapping" if isinstance(value, dict) else f"; got {value!r}"


def _field(location: Sequence[str | int], document: Any) -> FieldPath:
    """The path in the user's document: without the names of union members that pydantic puts in."""
    if location and location[0] == "workloads":
        # what follows an entry names its kind, which may be a key of the entry as well
        location = [
            part
            for index, part in enumerate(location)
            if not (index == 2 or (index > 2 and location[index - 1] == "runs"))
        ]
    if location and location[-1] == "[key]":
        location = location[:-1]  # what is wrong is the name itself
    path: list[str | int] = []
    node = document
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if isinstance(node, dict) and (part in node or (last and isinstance(part, str))):
            node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def section_of(model: type[BaseModel], field: FieldPath) -> type[BaseModel]:
    """The section of a file like `model` that holds a field."""
    for part in field[:-1]:
        if part in model.model_fields:
            model = _section_in(model.model_fields[str(part)].annotation) or model
    return model


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, or each item of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)


def section_of_scenario(field: FieldPath, document: Any) -> type[BaseModel]:
    """The section of a scenario that holds a field: what a workload may hold depends on its kind."""
    parent = field[:-1]
    if len(parent) < 2 or parent[0] != "workloads":
        return section_of(Scenario, field)
    if parent[-1] == "ticks":
        return TicksBeside
    entry = parent.index("runs") + 1 if "runs" in parent else 2
    node: Any = document
    for part in parent[:entry]:
        node = node[part]
    return section_of(model_of_workload(node) or BuiltinWorkload, field[entry:])

"""Read a scenario file; every error names file, line, field, what was given and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from harness.errors import ScenarioError
from harness.scenario.model import (
    BuiltinWorkload,
    DagsterSection,
    LoadSection,
    LocationSection,
    OwnJob,
    SamplingSection,
    Scenario,
    ServerSection,
    TimeoutSection,
    WarmupSection,
)

Path_ = tuple[str | int, ...]
_SECTIONS: dict[str, type[BaseModel]] = {
    "dagster": DagsterSection,
    "location": LocationSection,
    "server": ServerSection,
    "load": LoadSection,
    "load.warmup": WarmupSection,
    "sampling": SamplingSection,
    "timeouts": TimeoutSection,
}


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario and where it came from."""

    scenario: Scenario
    path: Path
    text: str


@dataclass(frozen=True)
class _Source:
    """Where each field of the document was written: a line of the file, or a `--set` option."""

    file: Path
    lines: dict[Path_, int]
    options: dict[Path_, str]

    def where(self, field: Path_) -> str:
        for length in range(len(field), -1, -1):
            part = field[:length]
            for key, option in self.options.items():
                if length and key[:length] == part:
                    return f"--set {option}"
            if part in self.lines:
                return f"{self.file}:{self.lines[part]}"
        return str(self.file)


def load_scenario(path: Path, overrides: Sequence[str] = ()) -> LoadedScenario:
    """Read and check a scenario file, with `--set key=value` overrides applied.

    Relative paths of the `location` section count from the file's folder.

    Raises:
        ScenarioError: anything wrong; one line per problem.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ScenarioError(f"{path}: cannot be read ({reason}); give a scenario file (YAML)") from None
    document, lines = _parse(path, text)
    options: dict[Path_, str] = {}
    for option in overrides:
        options[_apply(document, option)] = option
    source = _Source(path, lines, options)
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        raise ScenarioError("\n".join(_problems(error, document, source))) from None
    return LoadedScenario(_resolve_paths(scenario, source), path, text)


def _parse(path: Path, text: str) -> tuple[dict[str, Any], dict[Path_, int]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ScenarioError(f"{path}{line}: not YAML: {problem}") from None
    if not isinstance(loaded, dict) or node is None:
        raise ScenarioError(f"{path}: a mapping with at least `name` and `workloads` is expected")
    lines: dict[Path_, int] = {}
    _note_lines(path, node, (), lines)
    return loaded, lines


def _note_lines(path: Path, node: yaml.Node, at: Path_, lines: dict[Path_, int]) -> None:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*at, str(key.value))
            line = key.start_mark.line + 1
            if below in lines:
                raise ScenarioError(
                    f"{path}:{line}: {_dotted(below)}: given twice (first in line {lines[below]})"
                )
            lines[below] = line
            _note_lines(path, value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(path, item, (*at, index), lines)


def _apply(document: dict[str, Any], option: str) -> Path_:
    key, equals, text = option.partition("=")
    if not equals or not key.strip():
        raise ScenarioError(f"--set {option}: key=value is expected, such as load.repeats=2")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ScenarioError(f"--set {option}: the value is not YAML") from None
    field: Path_ = tuple(int(part) if part.isdigit() else part for part in key.strip().split("."))
    node: Any = document
    for depth, part in enumerate(field[:-1]):
        if isinstance(node, dict) and isinstance(part, str):
            node = node.setdefault(part, {})
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        else:
            raise ScenarioError(f"--set {option}: there is no {_dotted(field[: depth + 1])} in the scenario")
    last = field[-1]
    if isinstance(node, dict):
        node[str(last)] = value
    elif isinstance(node, list) and isinstance(last, int) and last < len(node):
        node[last] = value
    else:
        raise ScenarioError(f"--set {option}: there is no {_dotted(field)} in the scenario")
    return field


def _problems(error: ValidationError, document: dict[str, Any], source: _Source) -> list[str]:
    items = error.errors()
    # pydantic drops a bad item from its list and then finds the list too short: that is no problem of its own
    bad = {item["loc"][:depth] for item in items for depth in range(1, len(item["loc"]))}
    told = [item for item in items if item["type"] != "too_short" or item["loc"] not in bad]
    return list(dict.fromkeys(_problem(item, document, source) for item in told))


def _problem(item: Any, document: dict[str, Any], source: _Source) -> str:
    field = _field(item["loc"], document)
    kind, message = item["type"], str(item["msg"]).removeprefix("Value error, ")
    where = source.where(field)
    name = _dotted(field) or "scenario"
    if kind == "extra_forbidden":
        allowed = _allowed(field, document)
        close = difflib.get_close_matches(str(field[-1]), allowed, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        return f"{where}: {name}: unknown key; {hint}allowed: {', '.join(allowed)}"
    if kind == "missing":
        return f"{where}: {name}: missing; {_describe(field, document)}"
    if kind == "string_pattern_mismatch" and "versions" in field:
        message = 'a version such as "1.13.27" is expected'
    if kind == "string_type" and isinstance(item["input"], int | float):
        message = f'text is expected; write it in quotes: "{item["input"]}"'
    given = item["input"]
    shown = "" if isinstance(given, dict | BaseModel) or given is None else f"; got {given!r}"
    return f"{where}: {name}: {message[:1].lower()}{message[1:]}{shown}"


def _field(location: Sequence[str | int], document: Any) -> Path_:
    """The path in the user's document: without the names of union members that pydantic puts in."""
    if len(location) > 2 and location[0] == "workloads":
        location = [*location[:2], *location[3:]]  # the third names the kind of workload
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


def _allowed(field: Path_, document: dict[str, Any]) -> list[str]:
    section = _section_of(field, document)
    return sorted(section.model_fields)


def _section_of(field: Path_, document: dict[str, Any]) -> type[BaseModel]:
    parent = field[:-1]
    if parent and parent[0] == "workloads" and len(parent) == 2 and isinstance(parent[1], int):
        entry = document["workloads"][parent[1]]
        return BuiltinWorkload if "workload" in entry else OwnJob
    return _SECTIONS.get(_dotted(parent), Scenario)


def _describe(field: Path_, document: dict[str, Any]) -> str:
    section = _section_of(field, document)
    known = section.model_fields.get(str(field[-1])) if field else None
    text = known.description if known is not None else None
    return text or "it is needed"


def _resolve_paths(scenario: Scenario, source: _Source) -> Scenario:
    if scenario.location is None:
        return scenario
    changes: dict[str, Path] = {}
    for name in ("python_file", "working_directory", "python"):
        given = getattr(scenario.location, name)
        if given is None:
            continue
        # absolute, but not resolved: a venv's python is a link that must stay one
        resolved = Path(source.file.parent, given.expanduser()).absolute()
        if not resolved.exists():
            where = source.where(("location", name))
            raise ScenarioError(f"{where}: location.{name}: does not exist; got {str(given)!r} ({resolved})")
        changes[name] = resolved
    location = scenario.location.model_copy(update=changes)
    return scenario.model_copy(update={"location": location})


def _dotted(field: Path_) -> str:
    return ".".join(str(part) for part in field)

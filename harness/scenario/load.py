"""Read a scenario file; every error names file, line, field, what was given and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from harness.errors import ScenarioError
from harness.scenario.model import Scenario
from harness.scenario.problems import FieldPath, Source, dotted, problems

_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """Reads dates as text, as Dagster does: a run config is sent as JSON, which has no dates."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name and type
        start: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario and where it came from."""

    scenario: Scenario
    path: Path
    text: str


@dataclass
class _Written:
    """What the YAML says beyond its values: the line of each field, and each plain value as written."""

    lines: dict[FieldPath, int] = field(default_factory=dict)
    words: dict[FieldPath, str] = field(default_factory=dict)


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
    document, written = _parse(path, text)
    options: dict[FieldPath, str] = {}
    for option in overrides:
        options[_apply(document, option, written)] = option
    source = Source(path, written.lines, options, written.words)
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        raise ScenarioError("\n".join(problems(error, document, source))) from None
    return LoadedScenario(_resolve_paths(scenario, source), path, text)


def _parse(path: Path, text: str) -> tuple[dict[str, Any], _Written]:
    written = _Written()
    try:
        node = yaml.compose(text, Loader=_Loader)
        if node is not None:
            _note(path, node, (), (), written)
        loaded = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ScenarioError(f"{path}{line}: not YAML: {problem}") from None
    if not isinstance(loaded, dict):
        raise ScenarioError(f"{path}: a mapping with at least `name` and `workloads` is expected")
    return loaded, written


def _note(
    path: Path, node: yaml.Node, at: FieldPath, around: tuple[yaml.Node, ...], written: _Written
) -> None:
    """Note where everything below `node` was written; refuse what YAML itself would let pass in silence."""
    written.lines.setdefault(at, node.start_mark.line + 1)
    if any(node is outer for outer in around):
        raise ScenarioError(f"{path}:{node.start_mark.line + 1}: {dotted(at)}: refers to itself")
    around = (*around, node)
    if isinstance(node, yaml.ScalarNode):
        written.words[at] = node.value
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note(path, item, (*at, index), around, written)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*at, str(key.value))
            line = key.start_mark.line + 1
            if key.tag not in (_TEXT, _MERGE) and "run_config" not in at:
                raise ScenarioError(
                    f"{path}:{line}: {dotted(below)}: a key is text; write it in quotes if it is meant so"
                )
            if below in written.lines:
                first = written.lines[below]
                raise ScenarioError(f"{path}:{line}: {dotted(below)}: given twice (first in line {first})")
            written.lines[below] = line
            _note(path, value, below, around, written)


def _apply(document: dict[str, Any], option: str, written: _Written) -> FieldPath:
    """Set one field of the document as a `--set` option says; which field it was."""
    key, equals, text = option.partition("=")
    if not equals or not key.strip():
        raise ScenarioError(f"--set {option}: key=value is expected, such as load.repeats=2")
    try:
        value = yaml.load(text, Loader=_Loader)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        raise ScenarioError(f"--set {option}: the value is not YAML") from None
    path: FieldPath = tuple(int(part) if part.isdigit() else part for part in key.strip().split("."))
    around: Any = document
    for depth, part in enumerate(path[:-1]):
        if isinstance(around, dict) and around.get(str(part), {}) is None:
            around[str(part)] = {}  # an empty section of the file
        if isinstance(around, dict):
            around = around.setdefault(str(part), {})
        elif isinstance(around, list) and isinstance(part, int) and part < len(around):
            around = around[part]
        else:
            raise ScenarioError(f"--set {option}: there is no {dotted(path[: depth + 1])} in the scenario")
    last = path[-1]
    if isinstance(around, dict):
        around[str(last)] = value
    elif isinstance(around, list) and isinstance(last, int) and last < len(around):
        around[last] = value
    else:
        raise ScenarioError(f"--set {option}: there is no {dotted(path)} in the scenario")
    if node is not None:
        replacing = _Written()
        _note(Path(f"--set {option}"), node, path, (), replacing)
        written.words.update(replacing.words)
    return path


def _resolve_paths(scenario: Scenario, source: Source) -> Scenario:
    if scenario.location is None or scenario.location.image is not None:
        return scenario  # paths inside an image are none of this machine
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

"""A YAML file as it was written: its values, the line of each field, and each plain value as typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.errors import InputError

FieldPath = tuple[str | int, ...]

_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


class Loader(yaml.SafeLoader):
    """Reads dates as text, as Dagster does: a run config is sent as JSON, which has no dates."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name and type
        start: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass
class Written:
    """Where each field of a document was written, and how: a line of the file, or a `--set` option."""

    file: Path
    lines: dict[FieldPath, int] = field(default_factory=dict)
    words: dict[FieldPath, str] = field(default_factory=dict)
    """Plain values as they were written: YAML reads `1.10` as the number 1.1."""
    options: dict[FieldPath, str] = field(default_factory=dict)

    def where(self, field: FieldPath) -> str:
        """The option or line that wrote `field`, or else the nearest thing around it."""
        for length in range(len(field), 0, -1):
            part = field[:length]
            for key, option in self.options.items():
                if key[:length] == part:
                    return f"--set {option}"
            if part in self.lines:
                return f"{self.file}:{self.lines[part]}"
        return f"{self.file}:{self.lines[()]}"


def dotted(field: FieldPath) -> str:
    """`("load", "levels", 0)` as `load.levels.0`."""
    return ".".join(str(part) for part in field)


def read_text(path: Path, what: str) -> str:
    """The text of a file in which `what` is expected.

    Raises:
        InputError: it cannot be read, or is not text.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: cannot be read ({reason}); give a YAML file with {what}") from None


def read_mapping(path: Path, text: str, what: str) -> tuple[dict[str, Any], Written]:
    """The mapping that `text` is, in which `what` is expected, and how it was written.

    Raises:
        InputError: not YAML, no mapping, a key twice, or a node that refers to itself.
    """
    written = Written(path)
    try:
        node = yaml.compose(text, Loader=Loader)
        if node is not None:
            note(str(path), node, (), (), written)
        loaded = yaml.load(text, Loader=Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{path}{line}: not YAML: {problem}") from None
    except ValueError as error:  # a value that YAML's own reader falls over, such as the number 0b
        raise InputError(f"{path}: not YAML: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deeply; {what} is expected") from None
    if not isinstance(loaded, dict):
        raise InputError(f"{path}: a mapping with {what} is expected")
    return loaded, written


def note(where: str, node: yaml.Node, at: FieldPath, around: tuple[yaml.Node, ...], written: Written) -> None:
    """Note where everything below `node` was written; refuse what YAML itself would let pass in silence.

    Raises:
        InputError: a key that is no text, or given twice, or a node that refers to itself.
    """
    written.lines.setdefault(at, node.start_mark.line + 1)
    if any(node is outer for outer in around):
        raise InputError(f"{where}:{node.start_mark.line + 1}: {dotted(at)}: refers to itself")
    around = (*around, node)
    if isinstance(node, yaml.ScalarNode):
        written.words[at] = node.value
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            note(where, item, (*at, index), around, written)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*at, str(key.value))
            line = key.start_mark.line + 1
            if key.tag not in (_TEXT, _MERGE) and "run_config" not in at:
                raise InputError(
                    f"{where}:{line}: {dotted(below)}: a key is text; write it in quotes if it is meant so"
                )
            if below in written.lines:
                first = written.lines[below]
                raise InputError(f"{where}:{line}: {dotted(below)}: given twice (first in line {first})")
            written.lines[below] = line
            note(where, value, below, around, written)

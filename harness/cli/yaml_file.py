"""Reading a small YAML file into its model, with one line for each thing that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from harness.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(file: Path, model: type[Model], what: str) -> Model:
    """The content of `file`, in which `what` is expected.

    Raises:
        InputError: not there, not YAML, or a field that is wrong, one line each.
    """
    try:
        document: Any = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); name a YAML file with {what}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not YAML ({' '.join(str(error).split())[:200]})") from None
    try:
        return model.model_validate(document)
    except ValidationError as error:
        lines = []
        for item in error.errors():
            field = ".".join(str(part) for part in item["loc"]) or "file"
            lines.append(f"{file}: {field}: {item['msg'].removeprefix('Value error, ')}")
        raise InputError("\n".join(lines)) from None

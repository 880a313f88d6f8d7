"""Reading a small YAML file into its model, with one line for each thing that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from harness.errors import InputError
from harness.scenario.problems import problems, section_of
from harness.scenario.written import read_mapping, read_text

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(file: Path, model: type[Model], what: str) -> Model:
    """The content of `file`, in which `what` is expected.

    Raises:
        InputError: not there, not YAML, or a field that is wrong, one line each.
    """
    document, written = read_mapping(file, read_text(file, what), what)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        lines = problems(error, document, written, lambda field, _: section_of(model, field))
        raise InputError("\n".join(lines)) from None

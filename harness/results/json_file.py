"""Reading a versioned JSON file into its model, with errors of one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from harness.errors import ResultError
from harness.results.kinds import absent

Model = TypeVar("Model", bound=BaseModel)


def read_versioned(file: Path, model: type[Model], newest: int, writer: str) -> Model:
    """The content of `file`, which `writer` (a command) wrote in schema version `newest` or an older one.

    Raises:
        ResultError: not there, not readable, or written by a newer harness.
    """
    try:
        raw = json.loads(file.read_text("utf-8"), parse_constant=_refused)
    except (FileNotFoundError, NotADirectoryError):
        raise ResultError(absent(file, writer)) from None
    except OSError as error:
        raise ResultError(f"{file}: cannot be read ({error.strerror})") from None
    except RecursionError:
        raise ResultError(f"{file}: nested too deeply; make it again with `{writer}`") from None
    except ValueError as error:
        raise ResultError(f"{file}: not JSON ({error}); the file was changed by hand or cut off") from None
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if not isinstance(version, int):
        raise ResultError(f"{file}: schema_version: missing; this is not a result of dagster-sizing")
    if version > newest:
        raise ResultError(
            f"{file}: schema_version: {version} is newer than this harness reads ({newest}); "
            "upgrade dagster-sizing"
        )
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ResultError(f"{file}: {field}: {first['msg']}; make it again with `{writer}`") from None


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number")

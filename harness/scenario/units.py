"""Sizes like `512MiB` and times like `5s`, as pydantic types that end up as plain numbers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, ByteSize, Field, TypeAdapter, WithJsonSchema

_TIME = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)\s*$")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES: TypeAdapter[ByteSize] = TypeAdapter(ByteSize)


def parse_seconds(value: Any) -> float:
    """Seconds in `5s`, `250ms`, `2m`, `1h` or a bare number.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = _TIME.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a time such as 250ms, 5s, 2m or 1h is expected")
    return float(match.group(1)) * _SECONDS[match.group(2)]


def parse_bytes(value: Any) -> int:
    """Bytes in `512MiB`, `2GB`, `1.5GiB` or a bare number of bytes.

    Raises:
        ValueError: anything else.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        return int(_BYTES.validate_python(value))
    except ValueError:
        raise ValueError("a size such as 512MiB, 2GiB or 64MB is expected") from None


Seconds = Annotated[
    float,
    BeforeValidator(parse_seconds),
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|m|min|h)\s*$"},
            ],
            "description": "a time: a number of seconds, or 250ms, 5s, 2m, 1h",
        }
    ),
]
Bytes = Annotated[
    int,
    BeforeValidator(parse_bytes),
    Field(ge=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*[kKmMgGtTpP]?[iI]?[bB]?\s*$"},
            ],
            "description": "a size: a number of bytes, or 512MiB, 2GiB, 64MB",
        }
    ),
]

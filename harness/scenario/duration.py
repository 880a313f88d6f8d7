"""Times as people write them: one reader for scenarios, options and files, and a schema that agrees."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

LONGEST = 40
"""Characters in a time."""

_SPACE = r"[ \t\r\n]*"  # `\s` is not the same in all languages that read a JSON Schema
_NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_UNITS = {"d": 86400.0, "h": 3600.0, "(?:min|m)": 60.0, "s": 1.0, "ms": 0.001}
_PARTS = _SPACE.join(f"(?:({_NUMBER}){_SPACE}{unit})?" for unit in _UNITS)
_TEXT = f"{_SPACE}(?:({_NUMBER})|(?=[0-9.]){_PARTS}){_SPACE}"
_PATTERN = re.compile(_TEXT)
_EXPECTED = "a time such as 45s, 250ms, 2m, 1h30m or 1d is expected"


def parse_seconds(value: Any) -> float:
    """Seconds in `45s`, `250ms`, `2m`, `1h30m`, `1d`, or in a bare number of them.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _PATTERN.fullmatch(value) if isinstance(value, str) and len(value) <= LONGEST else None
    if found is None:
        raise ValueError(_EXPECTED)
    bare, *parts = found.groups()
    if bare:
        return float(bare)
    return sum(float(part) * unit for part, unit in zip(parts, _UNITS.values(), strict=True) if part)


Seconds = Annotated[
    float,
    BeforeValidator(parse_seconds),
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {
                    "type": "string",
                    "format": "time span",
                    "maxLength": LONGEST,
                    "pattern": f"^{re.sub(r'[(](?![?])', '(?:', _TEXT)}$",
                    "patternErrorMessage": _EXPECTED,
                },
            ],
            "description": _EXPECTED.removesuffix(" is expected"),
        }
    ),
]

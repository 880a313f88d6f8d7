"""A share as people write it, in per cent: one reader for scenarios, and a schema that agrees."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from harness.scenario.decimal_pattern import decimal_pattern

LONGEST = 40
"""Characters in a percentage."""
LEAST, MOST = Fraction(1, 2), Fraction(50)
_SPACE = r"[ \t\r\n]*"  # `\s` is not the same in all languages that read a JSON Schema
_NUMBER = r"(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)"
_PATTERN = re.compile(f"({_NUMBER}){_SPACE}%")
_EXPECTED = "a percentage such as 3% is expected"


def parse_percentage(value: Any) -> float:
    """The share in `3%` or `2.5 %`. A bare number is refused: 0.03 and 3 may both be meant.

    Raises:
        ValueError: anything else, or out of range.
    """
    text = value.strip(" \t\r\n") if isinstance(value, str) and len(value) <= LONGEST else ""
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise ValueError(_EXPECTED)
    percent = Fraction(found[1])
    if not LEAST <= percent <= MOST:
        raise ValueError(f"{float(LEAST):g}% to {float(MOST):g}% is expected")
    return float(percent / 100)


def as_percentage(share: float) -> str:
    """As `parse_percentage` reads it."""
    return f"{100 * share:.10g}%"


Percentage = Annotated[
    float,
    BeforeValidator(parse_percentage),
    PlainSerializer(as_percentage),
    WithJsonSchema(
        {
            "type": "string",
            "format": "percentage",
            "maxLength": LONGEST,
            "pattern": f"^{_SPACE}{decimal_pattern(LEAST, MOST)}{_SPACE}%{_SPACE}$",
            "patternErrorMessage": _EXPECTED,
            "description": _EXPECTED.removesuffix(" is expected"),
        }
    ),
]

"""What all sections of a scenario file have in common."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]


class Section(BaseModel):
    """Base of every section: unknown keys are refused, values are never changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def each_once(values: tuple[T, ...]) -> tuple[T, ...]:
    """Refuse a value that is listed twice: it would be measured twice under one name."""
    if len(set(values)) != len(values):
        raise ValueError("each value once is expected")
    return values


def one_or_many(value: Any) -> Any:
    """A lone value as a list of one: most sweeps have one value."""
    return value if isinstance(value, list | tuple) else (value,)

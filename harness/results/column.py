"""What a column of a raw table is: the entries of the registry in `columns`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_type_hints

Nature = Literal["key", "text", "flag", "instant", "gauge", "counter", "amount", "ratio"]
"""`key` says what a row is of; `gauge` is a state at one instant; `counter` only rises; `amount` is of the
row as a whole; `ratio` is a share."""
OverReplicas = Literal["sum", "max", "first", "none"]
"""How the values of several replicas at one instant make one: `none` where they do not."""
Dtype = Literal["float64", "int64", "bool", "str"]

_DTYPES: dict[type, Dtype] = {float: "float64", int: "int64", bool: "bool", str: "str"}


@dataclass(frozen=True)
class Column:
    """One column of one table."""

    name: str
    dtype: Dtype
    unit: str
    """Empty for text, flags and plain numbers."""
    nature: Nature
    meaning: str
    over_replicas: OverReplicas = "none"
    peak: str = ""
    """Column of the table of bursts that holds its highest sum over processes, if there is one."""

    @property
    def missing(self) -> str | float:
        """What stands for it where a result of an older harness does not have it."""
        return "" if self.dtype == "str" else float("nan")


def column(unit: str, nature: Nature, meaning: str, over_replicas: OverReplicas = "none") -> Any:
    """A field of a row's dataclass that is a column; its name and type are the field's."""
    return field(metadata={"unit": unit, "nature": nature, "meaning": meaning, "over": over_replicas})


def columns_of(row: type) -> tuple[Column, ...]:
    """The columns that a dataclass of a row declares."""
    types = get_type_hints(row)
    return tuple(
        Column(
            name=one.name,
            dtype=_DTYPES[types[one.name]],
            unit=one.metadata["unit"],
            nature=one.metadata["nature"],
            meaning=one.metadata["meaning"],
            over_replicas=one.metadata["over"],
        )
        for one in fields(row)
    )

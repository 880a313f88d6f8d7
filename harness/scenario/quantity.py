"""Memory and CPUs as people write them: one reader for scenarios, options and files, and a schema to match.

Kubernetes writes `2Gi` and `500m`, Docker `1088m`, ECS `2048` MiB and `1024` units. What has one reading is
read; what has two is refused, and the message names both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from harness.scenario.decimal_pattern import decimal_pattern, whole_pattern

MIB = 2**20
MOST_BYTES = 64 * 2**40
"""No machine has more memory."""
LONGEST = 40
"""Characters in a quantity."""

_SPACE = r"[ \t\r\n]*"  # `\s` is not the same in all languages that read a JSON Schema
_NUMBER = r"(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)"
_ZERO = r"(?:0(?:\.0+)?|\.0+)"
_UNITS = {
    "[bB]?": 1,
    "(?:KB?|[eE]3)": 10**3,
    "(?:MB?|[eE]6)": 10**6,
    "(?:GB?|[eE]9)": 10**9,
    "(?:TB?|[eE]12)": 10**12,
    "[kK][iI][bB]?": 2**10,
    "[mM][iI][bB]?": 2**20,
    "[gG][iI][bB]?": 2**30,
    "[tT][iI][bB]?": 2**40,
}
_AMOUNTS = tuple((re.compile(f"({_NUMBER}){_SPACE}({unit})"), size) for unit, size in _UNITS.items())
_PRINTED = rf"[1-9][0-9]{{0,2}},[0-9]{{3}}{_SPACE}MiB"
"""`1,088 MiB`, as reports print it. A comma elsewhere may be that of a decimal number."""
_DOCKERS = re.compile(f"({_NUMBER}){_SPACE}([kKmMgGtT])([bB]?)")
_WHOLE = "(?:0|[1-9][0-9]*)"

_SIZE = "a size such as 2Gi, 512MiB or 4GB is expected"
_CPUS = "a number of CPUs such as 2, 0.5 or 500m is expected"


@dataclass(frozen=True)
class MemoryRange:
    """The memory that a field takes."""

    least: int
    """Bytes, 1 MiB or more: fewer are never meant, so that `2048` cannot be bytes."""
    why: str
    """Why no less."""
    zero: bool = False
    """Whether it may be none as well."""

    def read(self, value: Any) -> int:
        """Bytes in `2Gi`, `512MiB`, `4GB`, or in a plain number that can only be one of bytes.

        Raises:
            ValueError: no size, one that is out of range, or one with two readings.
        """
        if isinstance(value, str):
            size, plain = self._size_in(value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0:
            size, plain = Fraction(value), True
        else:
            raise ValueError(_SIZE)
        if self.zero and size == 0:
            return 0
        if plain and 0 < size < MIB and self._fits(size * MIB):
            mib = f"{float(size):.15g}MiB"
            gib = f" or {size // 1024}GiB" if size % 1024 == 0 else ""
            raise ValueError(
                f"a unit is expected: it may be {mib}, as ECS writes it, or bytes; write {mib}{gib}"
            )
        if size < self.least:
            none = "0 or " if self.zero else ""
            raise ValueError(f"{none}at least {self.least // MIB}MiB is expected; {self.why}")
        if size > MOST_BYTES:
            raise ValueError("at most 64TiB is expected; no machine has more")
        return math.floor(size)

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema that takes what `read` takes, and nothing else."""
        texts = [
            decimal_pattern(Fraction(self.least, size), Fraction(MOST_BYTES, size)) + _SPACE + unit
            for unit, size in _UNITS.items()
        ]
        numbers: list[dict[str, Any]] = [{"type": "integer", "minimum": self.least, "maximum": MOST_BYTES}]
        if self.zero:
            texts.append(f"{_ZERO}{_SPACE}(?:{'|'.join(_UNITS)})")
            numbers.append({"type": "integer", "const": 0})
        return _schema("memory", _SIZE, numbers, [*texts, _PRINTED])

    def _size_in(self, text: str) -> tuple[Fraction, bool]:
        """Bytes in a text, and whether it has no unit."""
        stripped = _stripped(text)
        for pattern, size in _AMOUNTS:
            if found := pattern.fullmatch(stripped):
                return Fraction(found[1]) * size, not found[2]
        if re.fullmatch(_PRINTED, stripped):
            return Fraction(stripped.replace(",", "").removesuffix("MiB").strip()) * MIB, False
        if found := _DOCKERS.fullmatch(stripped):
            raise ValueError(self._two_readings(found[1], found[2], found[3]))
        if re.fullmatch(r"[0-9]+(,[0-9]+)+.*", stripped):
            raise ValueError(f"{_SIZE}, without a comma")
        raise ValueError(_SIZE)

    def _two_readings(self, number: str, letter: str, byte: str) -> str:
        """What `512m` or `2g` is refused with."""
        upper = letter.upper()
        power = "KMGT".index(upper) + 1
        docker, dockers = Fraction(number) * 1024**power, f"{number}{upper}iB"
        if letter == "m" and not byte:
            other = Fraction(number) / 1000
            whole = other / MIB * 1000 % 1 == 0 and other >= MIB
            others = f"{float(other / MIB):.15g}MiB" if whole else f"{float(other):.15g}B"
            told = f"in Docker it is {dockers}, in Kubernetes {others} (m is a thousandth)"
        else:
            other, others = Fraction(number) * 1000**power, f"{number}{upper}B"
            told = f"in Docker it is {dockers}, elsewhere {others}"
        fitting = [name for size, name in ((docker, dockers), (other, others)) if self._fits(size)]
        return f"{told}; " + (f"write {' or '.join(fitting)}" if fitting else _SIZE)

    def _fits(self, size: Fraction) -> bool:
        return self.least <= size <= MOST_BYTES


@dataclass(frozen=True)
class CpuRange:
    """The number of CPUs that a field takes."""

    most: int
    least: Fraction = Fraction(1, 100)

    def read(self, value: Any) -> float:
        """CPUs in `2`, `0.5`, `"0.5"` or `500m`.

        Raises:
            ValueError: no number of CPUs, or one that is out of range.
        """
        cpus = _cpus_in(value)
        if cpus < self.least:
            raise ValueError(f"at least {float(self.least):g} CPUs are expected")
        if cpus > self.most:
            units = cpus / 1024
            hint = (
                f"; 1024 units of ECS are one CPU: write {float(units):g}"
                if cpus % 1 == 0 and units <= self.most
                else ""
            )
            raise ValueError(f"at most {self.most} CPUs are expected{hint}")
        return float(cpus)

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema that takes what `read` takes, and nothing else."""
        whole = decimal_pattern(self.least, Fraction(self.most))
        thousandths = whole_pattern(math.ceil(self.least * 1000), self.most * 1000)
        number = {"type": "number", "minimum": float(self.least), "maximum": self.most}
        return _schema("cpus", _CPUS, [number], [whole, f"{thousandths}m"])


def _cpus_in(value: Any) -> Fraction:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return Fraction(value)
    text = _stripped(value) if isinstance(value, str) else ""
    if re.fullmatch(_NUMBER, text):
        return Fraction(text)
    if re.fullmatch(f"{_WHOLE}m", text):
        return Fraction(int(text[:-1]), 1000)
    raise ValueError(_CPUS)


def _stripped(text: str) -> str:
    """The text without space around it; none of it where it is too long to be a quantity."""
    return text.strip(" \t\r\n") if len(text) <= LONGEST else ""


def _schema(
    kind: str, expected: str, numbers: Sequence[dict[str, Any]], texts: Sequence[str]
) -> dict[str, Any]:
    text = {
        "type": "string",
        "format": kind,
        "maxLength": LONGEST,
        "pattern": f"^{_SPACE}(?:{'|'.join(texts)}){_SPACE}$",
        "patternErrorMessage": expected,  # editors show it instead of the pattern
    }
    return {"anyOf": [*numbers, text], "description": expected.removesuffix(" is expected")}


SERVER_MEMORY = MemoryRange(256 * MIB, "an idle code server alone needs more than 128MiB")
RUN_MEMORY = MemoryRange(MIB, "less cannot be told from what a run takes anyway", zero=True)
SERVER_CPUS = CpuRange(255)
"""Below the fewest units that Fargate gives: `256` is a quarter of a CPU there."""
MACHINE_CPUS = CpuRange(4096)

ServerMemory = Annotated[
    int, BeforeValidator(SERVER_MEMORY.read), WithJsonSchema(SERVER_MEMORY.json_schema())
]
RunMemory = Annotated[int, BeforeValidator(RUN_MEMORY.read), WithJsonSchema(RUN_MEMORY.json_schema())]
ServerCpus = Annotated[float, BeforeValidator(SERVER_CPUS.read), WithJsonSchema(SERVER_CPUS.json_schema())]
MachineCpus = Annotated[float, BeforeValidator(MACHINE_CPUS.read), WithJsonSchema(MACHINE_CPUS.json_schema())]

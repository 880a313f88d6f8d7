"""Regular expressions for numbers within a range, so that a JSON Schema can say what a loader accepts."""

from __future__ import annotations

from fractions import Fraction

_DIGITS = "[0-9]*"
_ANY_FRACTION = r"(?:\.[0-9]+)?"


def decimal_pattern(least: Fraction, most: Fraction) -> str:
    """Decimal numbers from `least` to `most`, both included: no sign, exponent or leading zeros but `0.5`.

    Args:
        least: above 0, and with an end as a decimal number.
        most: the same, with a larger whole part.
    """
    low, low_fraction = _split(least)
    high, high_fraction = _split(most)
    if not least > 0 or low >= high:
        raise ValueError(f"{least} to {most}: a range above 0 that spans a whole number is expected")
    above = r"\." + _at_least(low_fraction) if low_fraction else _ANY_FRACTION
    below = rf"(?:\.{_at_most(high_fraction)})?" if high_fraction else r"(?:\.0+)?"
    first = "0?" if low == 0 else str(low)  # `.5` is a half
    several = [first + above, str(high) + below]
    if high - low > 1:
        several.insert(1, whole_pattern(low + 1, high - 1) + _ANY_FRACTION)
    return f"(?:{'|'.join(several)})"


def whole_pattern(low: int, high: int) -> str:
    """Whole numbers from `low` to `high`, both included, without leading zeros."""
    return f"(?:{'|'.join(_whole_numbers(low, high))})"


def _split(number: Fraction) -> tuple[int, str]:
    """The whole part, and the digits after the point without the zeros at their end."""
    whole, rest = divmod(number, 1)
    digits = ""
    while rest:
        digit, rest = divmod(rest * 10, 1)
        digits += str(digit)
        if len(digits) > 60:
            raise ValueError(f"{number} has no end as a decimal number")
    return int(whole), digits


def _digit(low: int, high: int) -> str:
    return str(low) if low == high else f"[{low}-{high}]"


def _at_least(digits: str) -> str:
    """Digits after the point that are not below these."""
    first, rest = int(digits[0]), digits[1:]
    if not rest:
        return _digit(first, 9) + _DIGITS
    several = [f"{first}{_at_least(rest)}"]
    if first < 9:
        several.append(_digit(first + 1, 9) + _DIGITS)
    return f"(?:{'|'.join(several)})"


def _at_most(digits: str) -> str:
    """Digits after the point that are not above these, which do not end in 0."""
    first, rest = int(digits[0]), digits[1:]
    several = [f"{first}(?:{_at_most(rest)})?" if rest else f"{first}0*"]
    if first > 0:
        several.append(_digit(0, first - 1) + _DIGITS)
    return f"(?:{'|'.join(several)})"


def _whole_numbers(low: int, high: int) -> list[str]:
    """Patterns that whole numbers from `low` to `high` match, each of one length."""
    found = []
    while low <= high:
        # the widest block of tens, hundreds and so on that begins at `low` and ends by `high`
        free = 0
        while low % 10 ** (free + 1) == 0 and low + 10 ** (free + 1) - 1 <= high and low > 0:
            free += 1
        block = 10**free
        last = low // block % 10
        blocks = min(10 - last, (high - low + 1) // block)
        found.append(f"{low // block // 10 or ''}{_digit(last, last + blocks - 1)}{'[0-9]' * free}")
        low += blocks * block
    return found

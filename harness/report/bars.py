"""Bars and lines of block characters: they need no colour, and stand in a terminal's or Markdown's table."""

from __future__ import annotations

import math
from collections.abc import Sequence

OF_LIMIT = "of the limit"
"""Heading of a column of `used`."""
WIDTH = 8
"""Characters of a whole bar."""
POINTS = 40
"""Most characters of a line."""
ARM = 4
"""Characters of a change on each side of no change, a tenth each."""
_HEIGHTS = "▁▂▃▄▅▆▇█"
_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_TENTH = math.log(1.1)


def bar(share: float) -> str:
    """A share of `WIDTH` characters, in eighths; whole only from 1 on, and no share is too small to see."""
    eighths = min(int(share * WIDTH * 8), WIDTH * 8)
    whole, rest = divmod(max(eighths, 1 if share > 0 else 0), 8)
    return "█" * whole + _EIGHTHS[rest]


def bars(values: Sequence[float | None]) -> list[str]:
    """Each value as a share of the largest; empty where there is none, and for one alone."""
    known = [value for value in values if value is not None]
    if len(known) < 2 or max(known) <= 0:
        return [""] * len(values)
    return ["" if value is None else bar(value / max(known)) for value in values]


def used(value: float | None, limit: float) -> str:
    """How much of a limit a value is, against the whole of it: `███▌░░░░ 44%`; a dash where there is none."""
    return "-" if value is None else f"{bar(value / limit).ljust(WIDTH, '░')} {value / limit:.0%}"


def change(ratio: float | None, certain: bool) -> str:
    """A ratio to a baseline: costlier to the right, cheaper to the left, a tenth for each character.

    Args:
        ratio: None, or one that is not above 0, gives an empty text.
        certain: whether it counts as a change: it is solid then, and seen however small; else it is faint.
    """
    if ratio is None or not ratio > 0:
        return ""
    halves = max(round(2 * abs(math.log(ratio)) / _TENTH), int(certain))
    whole, half = divmod(min(halves, 2 * ARM), 2)
    blocks = "█▌▐" if certain else "░░░"
    costlier = blocks[0] * whole + blocks[1] * half
    cheaper = blocks[2] * half + blocks[0] * whole
    if halves > 2 * ARM:
        costlier, cheaper = costlier[:-1] + "▶", "◀" + cheaper[1:]
    none = "·" * ARM
    if ratio < 1:
        return f"{cheaper.rjust(ARM, '·')}│{none}"
    return f"{none}│{costlier.ljust(ARM, '·')}"


def sparkline(values: Sequence[float], low: float | None = None) -> str:
    """The latest `POINTS` values as heights between the lowest (or `low`) and the highest of them."""
    shown = list(values)[-POINTS:]
    low = min(shown) if low is None else low
    high = max(shown)
    if high <= low:
        return _HEIGHTS[0] * len(shown)
    return "".join(_HEIGHTS[round((value - low) / (high - low) * (len(_HEIGHTS) - 1))] for value in shown)

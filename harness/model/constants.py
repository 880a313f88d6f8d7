"""The constants of the sizing formulas: one registry of what each is and how it comes from bursts.

x is always the concurrency that was observed. A new constant is one entry: its points, its unit, what kind
of figure it is, and the columns of the table of bursts that it needs. Where a result lacks one of them the
constant is not measured there, which is said and is no error.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.bursts import Bursts, Fired
from harness.model.companion_definitions import COMPANION_DEFINITIONS
from harness.model.definition import Definition, Points
from harness.model.definitions import DEFINITIONS, peaks_without_leak
from harness.model.intervals import (
    CHOSEN_CONFIDENCE,
    CONFIDENCE,
    Estimate,
    Line,
    NotEstimable,
    estimate_line,
    estimate_mean,
)
from harness.model.lack_of_fit import LackOfFit, lack_of_fit
from harness.model.leak import estimate_leak


@dataclass(frozen=True)
class Constant:
    """A constant as it was fitted: its estimate, or the reason there is none."""

    definition: Definition
    estimate: Estimate | NotEstimable
    lack_of_fit: LackOfFit | None = None

    @property
    def name(self) -> str:
        """As in the registry."""
        return self.definition.name


CONSTANTS: dict[str, Definition] = {
    definition.name: definition for definition in (*DEFINITIONS, *COMPANION_DEFINITIONS)
}
"""The registry, in the order in which constants are shown."""


def constants_of(fired: Fired) -> tuple[Definition, ...]:
    """The constants that bursts of runs, or of ticks, give; in the order of the registry."""
    return tuple(one for one in CONSTANTS.values() if fired in one.fired)


def order_of(name: str) -> int:
    """Place of a constant in the registry; one that it does not know comes last."""
    return list(CONSTANTS).index(name) if name in CONSTANTS else len(CONSTANTS)


def columns_needed() -> tuple[str, ...]:
    """Every column of the table of bursts that some constant needs."""
    return tuple(dict.fromkeys(name for one in CONSTANTS.values() for name in one.needs))


def points_of(bursts: Bursts) -> dict[str, Points]:
    """The points of every constant that these bursts can give, in the order of the registry."""
    return {one.name: one.points(bursts) for one in _told_of(bursts) if not _missing(one, bursts)}


def fit_constants(bursts: Bursts, seed: int) -> dict[str, Constant]:
    """Every constant of these bursts, in the order of the registry, or why it has no value.

    Args:
        bursts: of one cell.
        seed: of what is drawn at random.
    """
    return {one.name: _fit(one, bursts, seed) for one in _told_of(bursts)}


def fit_constant(name: str, bursts: Bursts, seed: int) -> Constant:
    """One of them, as `fit_constants` has it."""
    return _fit(CONSTANTS[name], bursts, seed)


def fit_memory(bursts: Bursts, seed: int) -> Line | NotEstimable:
    """The line of the memory peak against observed concurrency, for predictions."""
    return estimate_line(bursts.concurrency, peaks_without_leak(bursts), seed)


def estimate_points(
    points: Points, seed: int, confidence: float = CONFIDENCE
) -> tuple[Estimate | NotEstimable, Line | None]:
    """The constant that points give, and the line it is of, whose intervals have that confidence."""
    if points.part == "mean":
        return estimate_mean(points.y), None
    if points.part == "leak":
        return estimate_leak(points.x, points.y), None
    line = estimate_line(points.x, points.y, seed, confidence=confidence)
    if isinstance(line, NotEstimable):
        return line, None
    return (line.base if points.part == "base" else line.slope), line


def _told_of(bursts: Bursts) -> list[Definition]:
    return [one for one in constants_of(bursts.fired) if not (one.if_measured and _missing(one, bursts))]


def _fit(one: Definition, bursts: Bursts, seed: int) -> Constant:
    if missing := _missing(one, bursts):
        return Constant(one, NotEstimable(f"not measured here: bursts have no {' and no '.join(missing)}", 0))
    points = one.points(bursts)
    confidence = CHOSEN_CONFIDENCE if bursts.chosen and one.kind == "memory" else CONFIDENCE
    estimate, line = estimate_points(points, seed, confidence)
    if isinstance(estimate, NotEstimable):
        reason = f"{estimate.reason} {points.lacking}".strip()
        if one.name in bursts.apart:
            reason = f"measured {estimate.n} times, too few for an interval"
        return Constant(one, NotEstimable(reason, estimate.n))
    lack = None
    if line is not None:
        lack = lack_of_fit(line.x, line.y, float(line.fit.base), float(line.fit.slope))
    return Constant(one, estimate, lack)


def _missing(one: Definition, bursts: Bursts) -> list[str]:
    return [name for name in one.needs if name not in bursts.columns and name not in bursts.apart]

"""The few ways in which measurements decide a claim. Pure.

Between what supports and what refutes there is always a gap, and an interval that reaches into it decides
nothing: a borderline claim comes out `inconclusive`, run after run, and does not flip.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.claims.base import Bounds, Range, Verdict
from harness.model.intervals import Estimate, NotEstimable

LEAST_BURSTS = 3
"""Fewer agree too easily."""


def by_interval(estimate: Estimate | NotEstimable, bounds: Bounds) -> Verdict:
    """Supported where the whole 95 % interval lies within `supports`, refuted where it lies within one of
    `refutes`, else inconclusive."""
    if isinstance(estimate, NotEstimable):
        return "inconclusive"
    if _within(estimate, bounds.supports):
        return "supported"
    return "refuted" if any(_within(estimate, allowed) for allowed in bounds.refutes) else "inconclusive"


def unanimous(outcomes: Sequence[bool | None], least: int = LEAST_BURSTS) -> Verdict:
    """Supported where every burst says yes, refuted where every one says no, at least `least` of them.

    None is a burst that could not tell; one of them leaves the claim open.
    """
    if len(outcomes) < least or None in outcomes or len(set(outcomes)) != 1:
        return "inconclusive"
    return "supported" if outcomes[0] else "refuted"


def _within(estimate: Estimate, allowed: Range) -> bool:
    return allowed[0] <= estimate.low and estimate.high <= allowed[1]

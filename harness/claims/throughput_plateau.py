"""Whether work that computes is held to one core; used by the claims on the interpreter lock. Pure."""

from __future__ import annotations

from harness.claims.base import UNBOUNDED, Bounds, Verdict
from harness.claims.rules import by_interval
from harness.model.intervals import Estimate

ONE_CORE, SEVERAL = 1.2, 1.5

RULE = (
    f"Cores used together in bursts of the highest level: supported if the 95 % interval of the mean ends at "
    f"or below {ONE_CORE:g}, refuted if it begins at or above {SEVERAL:g}."
)
BOUNDS = Bounds(supports=(-UNBOUNDED, ONE_CORE), refutes=((SEVERAL, UNBOUNDED),), unit="cores")


def judge_cores(cores: Estimate) -> Verdict:
    """The verdict on `cores` that many computed with at once."""
    return by_interval(cores, BOUNDS)

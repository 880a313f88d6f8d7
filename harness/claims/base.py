"""What a claim is, and what deciding it yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.claims.measured import Measured
from harness.model.intervals import Estimate

Verdict = Literal["supported", "refuted", "inconclusive", "not-testable-here"]


Range = tuple[float, float]
UNBOUNDED = float("inf")
"""The end of a range that has none; negative for a lower one."""


@dataclass(frozen=True)
class Bounds:
    """Where the whole 95 % interval of a figure has to lie for a verdict."""

    supports: Range
    refutes: tuple[Range, ...]
    """Within one of them."""
    unit: str = ""
    """Of the figure; empty for a ratio or share."""


@dataclass(frozen=True)
class Number:
    """One figure behind a verdict."""

    name: str
    value: float
    low: float | None
    """Lower end of the 95 % interval; None for a count or a reading that has no interval."""
    high: float | None
    unit: str
    n: int
    """How many bursts, runs, ticks or readings are behind it."""
    source: str
    """Experiment, table and columns it comes from."""

    @classmethod
    def of(cls, name: str, estimate: Estimate, unit: str, source: str) -> Number:
        """From an estimate with its interval."""
        return cls(name, estimate.value, estimate.low, estimate.high, unit, estimate.n, source)


@dataclass(frozen=True)
class Decision:
    """What the measurements say of a claim."""

    verdict: Verdict
    evidence: str
    """One line, with the figures that decided."""
    numbers: tuple[Number, ...] = ()


@dataclass(frozen=True)
class Needs:
    """What a machine must have for a claim's experiments."""

    cpus: int = 1
    memory_bytes: int = 0
    """Free for the code server, beyond what everything else takes."""
    containers: bool = False
    """Whether it can only be tried in containers."""
    why: str = ""
    """Why containers, in a clause."""


@dataclass(frozen=True)
class Claim:
    """A statement of the guide, and how it is put to the test."""

    id: str
    says: str
    """The guide's own words."""
    doubt: str
    """Why it could be false."""
    experiments: tuple[str, ...]
    """Scenario files of `workloads/scenarios/claims`, without the ending."""
    rule: str
    """The decision rule in words, thresholds included; set before measuring."""
    decide: Callable[[Mapping[str, Measured]], Decision]
    """The rule itself: pure, from the experiments' raw tables, by name of experiment."""
    advice: str
    """What to use instead where it is refuted; what to mind where it is not."""
    needs: Needs = field(default_factory=Needs)
    bounds: Bounds | None = None
    """Of the figure that the rule judges by its interval; None where it judges otherwise."""
    expects: frozenset[str] = frozenset()
    """Codes of validity reasons that are the point of the experiment, such as `oom`, or do not touch it."""

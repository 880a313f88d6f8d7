"""Made-up bursts for the rows of the guide's table of sizes, and the tests of their common rule."""

from __future__ import annotations

import pytest

from harness.claims.base import Claim, Decision
from tests.unit.claims.made import Rows, measured

BASE = 0.1e9


def row_bursts(level: int, per_run: float, repeats: int = 3, **more: object) -> Rows:
    """Bursts of half of `level` and of `level` runs that take `per_run` bytes each.

    `more` overrides fields of the larger bursts.
    """
    rows: Rows = []
    for size in (level // 2, level):
        for repeat in range(repeats):
            rows.append(
                {
                    "burst": len(rows),
                    "level": size,
                    "concurrency_peak": size,
                    "launches": size,
                    "runs_succeeded": size,
                    "oom_kills": 0,
                    "memory_peak_bytes": (BASE + per_run * size) * (1 + 0.002 * (repeat - 1)),
                }
                | (more if size == level else {})
            )
    return rows


class RowRule:
    """Each side of the rule, for one row of the table."""

    claim: Claim
    level: int
    memory_bytes: float

    @property
    def full(self) -> float:
        """Memory per run at which the row's runs take all of it."""
        return (self.memory_bytes - BASE) / self.level

    def decided(self, rows: Rows) -> Decision:
        [experiment] = self.claim.experiments
        return self.claim.decide({experiment: measured({"bursts": rows})})

    def test_runs_that_leave_room_support_it(self) -> None:
        decision = self.decided(row_bursts(self.level, 0.3 * self.full))
        assert decision.verdict == "supported"
        held = next(number for number in decision.numbers if number.name.startswith("runs that"))
        assert held.value == pytest.approx(self.level / 0.3, abs=1)
        assert held.low is not None
        assert held.low <= held.value

    @pytest.mark.parametrize("more", [{"runs_succeeded": 0}, {"oom_kills": 1}])
    def test_runs_that_fail_refute_it(self, more: dict[str, int]) -> None:
        assert self.decided(row_bursts(self.level, 0.3 * self.full, **more)).verdict == "refuted"

    def test_runs_that_want_more_refute_it(self) -> None:
        assert self.decided(row_bursts(self.level, 1.1 * self.full)).verdict == "refuted"

    def test_hardly_any_room_leaves_it_open(self) -> None:
        assert self.decided(row_bursts(self.level, 0.95 * self.full)).verdict == "inconclusive"

    def test_one_failed_run_of_one_burst_leaves_it_open(self) -> None:
        rows = row_bursts(self.level, 0.3 * self.full)
        rows[-1]["runs_succeeded"] = self.level - 1
        assert self.decided(rows).verdict == "inconclusive"

    def test_too_little_leaves_it_open(self) -> None:
        assert self.decided([]).verdict == "inconclusive"
        assert self.decided(row_bursts(self.level, 0.3 * self.full, repeats=2)).verdict == "inconclusive"
        bare: Rows = [{"burst": n, "level": self.level} for n in range(3)]
        assert self.decided(bare).verdict == "inconclusive"

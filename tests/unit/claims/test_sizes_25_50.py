"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.sizes_25_50 import CLAIM, LEVEL, MEMORY_BYTES
from tests.unit.claims.made import Rows, measured
from tests.unit.claims.sizes import BASE, row_bursts

FULL = (MEMORY_BYTES - BASE) / LEVEL
"""Memory per run at which the row's runs take all of it."""


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"size-25-50": measured({"bursts": rows})})


def test_runs_that_leave_room_support_it() -> None:
    decision = decided(row_bursts(LEVEL, 0.3 * FULL))
    assert decision.verdict == "supported"
    held = next(number for number in decision.numbers if number.name.startswith("runs that"))
    assert held.value == pytest.approx(LEVEL / 0.3, abs=1)
    assert held.low is not None
    assert held.low <= held.value


def test_runs_that_fail_or_want_more_refute_it() -> None:
    assert decided(row_bursts(LEVEL, 0.3 * FULL, runs_succeeded=LEVEL - 1)).verdict == "refuted"
    assert decided(row_bursts(LEVEL, 0.3 * FULL, oom_kills=1)).verdict == "refuted"
    assert decided(row_bursts(LEVEL, 1.1 * FULL)).verdict == "refuted"


def test_hardly_any_room_leaves_it_open() -> None:
    assert decided(row_bursts(LEVEL, 0.95 * FULL)).verdict == "inconclusive"


def test_one_failed_burst_leaves_it_open() -> None:
    rows = row_bursts(LEVEL, 0.3 * FULL)
    rows[-1]["runs_succeeded"] = LEVEL - 1
    assert decided(rows).verdict == "inconclusive"


def test_too_little_leaves_it_open() -> None:
    assert decided([]).verdict == "inconclusive"
    assert decided(row_bursts(LEVEL, 0.3 * FULL, repeats=2)).verdict == "inconclusive"
    assert decided([{"burst": n, "level": LEVEL} for n in range(3)]).verdict == "inconclusive"


def test_what_it_needs() -> None:
    assert CLAIM.needs.cpus == 8
    assert CLAIM.needs.memory_bytes == 32e9

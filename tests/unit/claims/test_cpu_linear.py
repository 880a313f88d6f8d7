"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.cpu_linear import CLAIM
from tests.unit.claims.made import Rows, measured

IDLE, ONE, WINDOW = 0.01, 0.2, 10.0


def bursts(factor: float, levels: tuple[int, ...] = (1, 4, 10), repeats: int = 3) -> Rows:
    """One run alone uses `ONE` cores; several use `factor` times what the formula says."""
    rows: Rows = []
    for level in levels:
        for repeat in range(repeats):
            cores = IDLE + ONE * level * (factor if level > 1 else 1) * (1 + 0.01 * (repeat - 1))
            rows.append(
                {
                    "burst": len(rows),
                    "level": level,
                    "concurrency_peak": level,
                    "idle_cpu_cores": IDLE,
                    "cpu_seconds": cores * WINDOW,
                    "window_seconds": WINDOW,
                    "runs_succeeded": level,
                    "runs_failed": 0,
                }
            )
    return rows


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"light": measured({"bursts": rows})})


def test_cores_in_step_with_concurrency_support_it() -> None:
    decision = decided(bursts(1.0))
    assert decision.verdict == "supported"
    work = next(number for number in decision.numbers if number.name == "CPU-seconds per run")
    assert work.value == pytest.approx(ONE * WINDOW, rel=0.03)


@pytest.mark.parametrize("factor", [0.5, 1.6])
def test_far_other_cores_refute_it(factor: float) -> None:
    assert decided(bursts(factor)).verdict == "refuted"


@pytest.mark.parametrize("factor", [0.8, 1.22])
def test_between_the_ranges_it_stays_open(factor: float) -> None:
    assert decided(bursts(factor)).verdict == "inconclusive"


def test_too_little_leaves_it_open() -> None:
    assert decided([]).verdict == "inconclusive"
    assert decided(bursts(0.5, levels=(4, 10))).verdict == "inconclusive"
    assert decided(bursts(0.5, levels=(1,))).verdict == "inconclusive"
    assert decided(bursts(0.5, repeats=2)).verdict == "inconclusive"
    assert decided([row | {"drained": False} for row in bursts(0.5)]).verdict == "inconclusive"


def test_missing_columns_leave_it_open() -> None:
    bare = [{"burst": row["burst"], "level": row["level"]} for row in bursts(0.5)]
    assert decided(bare).verdict == "inconclusive"

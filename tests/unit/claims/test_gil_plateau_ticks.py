"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.gil_plateau_ticks import CLAIM
from tests.unit.claims.made import Rows, cell, measured

CELLS = (cell("io", workload="io_tick"), cell("cpu", workload="cpu_tick"))


def bursts(cores: float, cell_id: str = "cpu", repeats: int = 3) -> Rows:
    return [
        {
            "cell_id": cell_id,
            "burst": 100 * level + repeat,
            "level": level,
            "ticks_evaluated": level,
            "tick_span_seconds": 0.5 * level,
            "window_seconds": 10.0,
            "cpu_seconds": 10.0 * cores * (1 + 0.01 * (repeat - 1)),
        }
        for level in (8, 32)
        for repeat in range(repeats)
    ]


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"ticks": measured({"bursts": rows}, *CELLS)})


def test_one_core_supports_it() -> None:
    decision = decided(bursts(1.0) + bursts(2.0, "io"))
    assert decision.verdict == "supported"
    assert decision.numbers[1].value == pytest.approx(2.0)


def test_several_cores_refute_it() -> None:
    assert decided(bursts(1.9)).verdict == "refuted"


@pytest.mark.parametrize("rows", [bursts(1.35), bursts(1.0, repeats=2), bursts(1.0, "io"), []])
def test_all_else_leaves_it_open(rows: Rows) -> None:
    assert decided(rows).verdict == "inconclusive"

"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.gil_plateau_runs import CLAIM
from tests.unit.claims.made import Rows, measured


def bursts(cores: float, repeats: int = 3) -> Rows:
    """At the highest level `cores` cores are used, at the lowest one."""
    return [
        {
            "burst": 10 * level + repeat,
            "level": level,
            "exec_window_seconds": 10.0,
            "exec_cpu_seconds": 10.0 * (cores if level > 1 else 1.0) * (1 + 0.01 * (repeat - 1)),
        }
        for level in (1, 4)
        for repeat in range(repeats)
    ]


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"cpu": measured({"bursts": rows})})


def test_one_core_supports_it() -> None:
    assert decided(bursts(1.05)).verdict == "supported"


def test_several_cores_refute_it() -> None:
    decision = decided(bursts(1.9))
    assert decision.verdict == "refuted"
    assert decision.numbers[0].value == pytest.approx(1.9, rel=0.01)


@pytest.mark.parametrize("rows", [bursts(1.35), bursts(1.9, repeats=2), []])
def test_all_else_leaves_it_open(rows: Rows) -> None:
    assert decided(rows).verdict == "inconclusive"

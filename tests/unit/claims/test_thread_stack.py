"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.thread_stack import CLAIM
from tests.unit.claims.made import Rows, cell, measured

CELLS = (cell("few", grpc_max_workers=4), cell("many", grpc_max_workers=64))


def bursts(per_thread: float, noise: float = 0.2e6) -> Rows:
    return [
        {
            "cell_id": "few" if threads < 20 else "many",
            "burst": repeat,
            "threads_peak": threads,
            "memory_peak_bytes": 100e6 + per_thread * threads + noise * (repeat - 1),
        }
        for threads in (14, 45)
        for repeat in range(3)
    ]


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"threads": measured({"bursts": rows}, *CELLS)})


def test_eight_megabytes_support_it() -> None:
    assert decided(bursts(8e6)).verdict == "supported"


@pytest.mark.parametrize("per_thread", [0.1e6, 20e6])
def test_far_less_or_more_refutes_it(per_thread: float) -> None:
    decision = decided(bursts(per_thread))
    assert decision.verdict == "refuted"
    assert decision.numbers[0].value == pytest.approx(per_thread, rel=0.2)


@pytest.mark.parametrize("per_thread", [5e6, 12e6])
def test_between_the_ranges_it_stays_open(per_thread: float) -> None:
    assert decided(bursts(per_thread)).verdict == "inconclusive"


def test_too_little_leaves_it_open() -> None:
    assert decided([]).verdict == "inconclusive"
    assert decided(bursts(8e6)[:3]).verdict == "inconclusive"
    assert decided([{"cell_id": "few", "burst": n} for n in range(9)]).verdict == "inconclusive"
    assert CLAIM.decide({"threads": measured({})}).verdict == "inconclusive"

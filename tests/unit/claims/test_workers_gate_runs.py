"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.workers_gate_runs import CLAIM
from tests.unit.claims.made import Rows, cell, measured

WORKERS, LEVEL = 16, 32


def bursts(peaks: list[int], level: int = LEVEL, succeeded: int | None = None) -> Rows:
    return [
        {
            "burst": n,
            "level": level,
            "launches": level,
            "runs_succeeded": level if succeeded is None else succeeded,
            "concurrency_peak": peak,
            "launch_answer_max_seconds": 40.0,
        }
        for n, peak in enumerate(peaks)
    ]


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"many": measured({"bursts": rows}, cell(grpc_max_workers=WORKERS))})


def test_exactly_as_many_runs_as_workers_support_it() -> None:
    assert decided(bursts([16, 16])).verdict == "supported"


def test_twice_as_many_runs_as_workers_refute_it() -> None:
    decision = decided(bursts([32, 33]))
    assert decision.verdict == "refuted"
    assert decision.numbers[0].value == 32


@pytest.mark.parametrize(
    "rows",
    [
        bursts([16, 32]),
        bursts([20, 20]),
        bursts([12, 12]),
        bursts([32]),
        bursts([32, 32], succeeded=31),
        bursts([16, 16], level=31),
        [],
    ],
    ids=["differ", "between", "another limit", "one burst", "a run failed", "low level", "nothing"],
)
def test_all_else_leaves_it_open(rows: Rows) -> None:
    assert decided(rows).verdict == "inconclusive"

"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.workers_gate_runs import CLAIM
from tests.unit.claims.made import Rows, cell, measured

CELLS = (cell("few", grpc_max_workers=2), cell("many", grpc_max_workers=12))


def bursts(cell_id: str, peaks: list[int], succeeded: int = 6) -> Rows:
    return [
        {
            "cell_id": cell_id,
            "burst": n,
            "launches": 6,
            "runs_succeeded": succeeded,
            "concurrency_peak": peak,
            "launch_span_seconds": 9.0 + 0.1 * n,
        }
        for n, peak in enumerate(peaks)
    ]


def decided(few: Rows, many: tuple[int, ...] = (6, 6, 6)) -> Decision:
    return CLAIM.decide({"workers": measured({"bursts": few + bursts("many", list(many))}, *CELLS)})


def test_no_more_runs_than_workers_support_it() -> None:
    assert decided(bursts("few", [2, 2, 1])).verdict == "supported"


def test_twice_as_many_runs_as_workers_refute_it() -> None:
    decision = decided(bursts("few", [6, 5, 4]))
    assert decision.verdict == "refuted"
    assert decision.numbers[0].value == 6


@pytest.mark.parametrize(
    ("few", "many"),
    [
        (bursts("few", [2, 6, 2]), (6, 6, 6)),
        (bursts("few", [3, 3, 3]), (6, 6, 6)),
        (bursts("few", [2, 2]), (6, 6, 6)),
        (bursts("few", [6, 6, 6], succeeded=5), (6, 6, 6)),
        (bursts("few", [2, 2, 2]), (6, 2, 6)),
        (bursts("few", [2, 2, 2]), ()),
        ([], (6, 6, 6)),
    ],
    ids=["differ", "between", "few", "a run failed", "control gated too", "no control", "nothing"],
)
def test_all_else_leaves_it_open(few: Rows, many: tuple[int, ...]) -> None:
    assert decided(few, many).verdict == "inconclusive"


def test_one_number_of_workers_is_no_comparison() -> None:
    made = measured({"bursts": bursts("few", [2, 2, 2])}, CELLS[0])
    with pytest.raises(LookupError, match="one number of workers"):
        CLAIM.decide({"workers": made})

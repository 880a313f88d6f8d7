"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.workers_ge_runs import CLAIM
from tests.unit.claims.made import Rows, cell, measured

CELLS = (cell("few", grpc_max_workers=4), cell("many", grpc_max_workers=32))


def bursts(cell_id: str, peaks: list[int], **more: object) -> Rows:
    return [
        {
            "cell_id": cell_id,
            "burst": n,
            "level": 4,
            "ticks": 16,
            "ticks_evaluated": 16,
            "tick_concurrency_peak": peak,
            "tick_seconds_max": (4.0 if cell_id == "few" else 2.0) + 0.01 * n,
            "launch_answer_max_seconds": 3.0 + 0.01 * n,
        }
        | more
        for n, peak in enumerate(peaks)
    ]


def decided(few: Rows, many: tuple[int, ...] = (16, 15, 16)) -> Decision:
    return CLAIM.decide({"pool": measured({"bursts": few + bursts("many", list(many))}, *CELLS)})


def test_ticks_that_all_run_at_once_support_it() -> None:
    assert decided(bursts("few", [16, 14, 15])).verdict == "supported"


def test_ticks_that_take_turns_refute_it() -> None:
    decision = decided(bursts("few", [4, 4, 3]))
    assert decision.verdict == "refuted"
    assert "2.00" in decision.evidence


@pytest.mark.parametrize(
    ("few", "many"),
    [
        (bursts("few", [4, 6, 4]), (16, 16, 16)),
        (bursts("few", [4, 4]), (16, 16, 16)),
        (bursts("few", [4, 4, 4], ticks_evaluated=15), (16, 16, 16)),
        (bursts("few", [4, 4, 4], level=6), (16, 16, 16)),
        (bursts("few", [4, 4, 4]), (4, 16, 16)),
        (bursts("few", [4, 4, 4]), ()),
        ([], (16, 16, 16)),
    ],
    ids=["differ", "few", "a tick failed", "more runs than workers", "control too", "no control", "nothing"],
)
def test_all_else_leaves_it_open(few: Rows, many: tuple[int, ...]) -> None:
    assert decided(few, many).verdict == "inconclusive"

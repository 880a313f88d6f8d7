"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.cap_prevents_oom_steps import CLAIM
from tests.unit.claims.made import Rows, cell, measured


def bursts(kills: list[int], **more: object) -> Rows:
    return [
        {
            "burst": n,
            "launches": 4,
            "runs_succeeded": 4 if one == 0 else 1,
            "oom_kills": one,
            "concurrency_peak": 3,
            "processes_peak": 40,
        }
        | more
        for n, one in enumerate(kills)
    ]


def decided(rows: Rows) -> Decision:
    cells = cell(coordinator="queued", max_concurrent_runs=3)
    return CLAIM.decide({"cap-steps": measured({"bursts": rows}, cells)})


def test_no_kill_under_the_cap_supports_it() -> None:
    assert decided(bursts([0, 0, 0])).verdict == "supported"


def test_kills_in_every_burst_refute_it() -> None:
    assert decided(bursts([2, 1, 3])).verdict == "refuted"


@pytest.mark.parametrize(
    "rows",
    [
        bursts([0, 2, 0]),
        bursts([2, 2]),
        bursts([2, 2, 2], concurrency_peak=4),
        bursts([0, 0, 0], runs_succeeded=3),
        [],
    ],
    ids=["differ", "few", "more runs than the cap", "a run failed", "nothing"],
)
def test_all_else_leaves_it_open(rows: Rows) -> None:
    assert decided(rows).verdict == "inconclusive"

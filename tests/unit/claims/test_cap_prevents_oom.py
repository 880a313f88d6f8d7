"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.cap_prevents_oom import CLAIM
from tests.unit.claims.made import Rows, cell, measured

MIB = 2**20


def bursts(hit: list[bool], succeeded: int = 8) -> Rows:
    """Bursts of eight runs that hit the limit, by a kill or by the server's death, or did not."""
    return [
        {
            "burst": n,
            "launches": 8,
            "runs_succeeded": 1 if one else succeeded,
            "oom_kills": int(one and n % 2),
            "lost_cause": "oom" if one and not n % 2 else "",
            "memory_peak_bytes": 400 * MIB,
        }
        for n, one in enumerate(hit)
    ]


def decided(free: Rows, capped: Rows) -> Decision:
    cells = cell(coordinator="queued", max_concurrent_runs=3)
    made = {"uncapped": measured({"bursts": free}), "cap": measured({"bursts": capped}, cells)}
    return CLAIM.decide(made)


def test_a_cap_that_keeps_every_burst_whole_supports_it() -> None:
    decision = decided(bursts([True] * 3), bursts([False] * 3))
    assert decision.verdict == "supported"
    assert decision.numbers[0].value == 3
    assert "cap of 3" in decision.evidence


def test_a_cap_under_which_every_burst_is_killed_refutes_it() -> None:
    assert decided(bursts([True] * 3), bursts([True] * 3)).verdict == "refuted"


@pytest.mark.parametrize(
    ("free", "capped"),
    [
        ([True] * 3, bursts([False, True, False])),
        ([True, True, False], bursts([False] * 3)),
        ([True] * 2, bursts([False] * 3)),
        ([True] * 3, bursts([False] * 2)),
        ([True] * 3, bursts([False] * 3, succeeded=7)),
        ([True] * 3, []),
        ([], bursts([False] * 3)),
    ],
    ids=["differ", "nothing to prevent", "few free", "few capped", "a run failed", "no capped", "no free"],
)
def test_all_else_leaves_it_open(free: list[bool], capped: Rows) -> None:
    assert decided(bursts(free), capped).verdict == "inconclusive"

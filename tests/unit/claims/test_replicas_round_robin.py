"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.replicas_round_robin import CLAIM
from tests.unit.claims.made import Rows, measured


def decided(spread: list[tuple[int, ...]], launches: int = 6) -> Decision:
    bursts: Rows = [{"burst": n, "launches": launches} for n in range(len(spread))]
    replicas: Rows = [
        {"burst": n, "replica": f"server-{number}", "runs": runs}
        for n, shares in enumerate(spread)
        for number, runs in enumerate(shares, 1)
    ]
    return CLAIM.decide({"replicas": measured({"bursts": bursts, "replicas": replicas})})


def test_an_even_spread_supports_it() -> None:
    assert decided([(2, 2, 2), (3, 2, 1), (2, 1, 3)]).verdict == "supported"


def test_bursts_that_go_whole_to_one_replica_refute_it() -> None:
    decision = decided([(6, 0, 0), (0, 6, 0), (1, 0, 5)])
    assert decision.verdict == "refuted"
    assert "7, 6, 5" in decision.evidence


@pytest.mark.parametrize(
    "spread",
    [
        [(2, 2, 2), (6, 0, 0), (2, 2, 2)],
        [(4, 2, 0)] * 3,
        [(5, 0, 0)] * 3,
        [(2, 2, 2)] * 2,
        [],
    ],
    ids=["differ", "between", "a run of unknown place", "few", "nothing"],
)
def test_all_else_leaves_it_open(spread: list[tuple[int, ...]]) -> None:
    assert decided(spread).verdict == "inconclusive"


def test_a_burst_without_readings_leaves_it_open() -> None:
    made = measured({"bursts": [{"burst": n, "launches": 6} for n in range(3)]})
    assert CLAIM.decide({"replicas": made}).verdict == "inconclusive"

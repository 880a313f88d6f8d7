"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.measured import Measured
from harness.claims.queued_signal import CLAIM
from tests.unit.claims.made import Rows, cell, measured


def experiment(few: int, many: int, short: list[bool], ample: list[bool]) -> Measured:
    """Bursts on few and on many workers, in which some Ping told of queued requests or none did."""
    bursts: Rows = []
    pings: Rows = []
    for cell_id, signals in (("few", short), ("many", ample)):
        for n, signal in enumerate(signals):
            key = {"cell_id": cell_id, "burst": n}
            bursts.append(key)
            for queued in (0.0, 3.0 if signal else 0.0, float("nan")):
                seen = {"sent_epoch_seconds": 1.0, "answered_epoch_seconds": 2.0 if cell_id == "few" else 1.1}
                pings.append(key | seen | {"num_queued_requests": queued, "runs_in_progress": 6})
    cells = (cell("few", grpc_max_workers=few), cell("many", grpc_max_workers=many))
    return measured({"bursts": bursts, "pings": pings}, *cells)


def decided(short: list[bool], ample: list[bool]) -> Decision:
    half = len(short) // 2, len(ample) // 2
    return CLAIM.decide(
        {
            "workers": experiment(2, 12, short[: half[0]], ample[: half[1]]),
            "pool": experiment(4, 32, short[half[0] :], ample[half[1] :]),
        }
    )


def test_a_signal_where_workers_are_short_and_only_there_supports_it() -> None:
    decision = decided([True] * 6, [False] * 6)
    assert decision.verdict == "supported"
    assert [number.value for number in decision.numbers] == [6, 0, 1.0, pytest.approx(0.1)]


@pytest.mark.parametrize(
    ("short", "ample"),
    [
        ([False] * 6, [False] * 6),
        ([True] * 3 + [False] * 3, [False] * 6),
        ([True] * 6, [True] * 3 + [False] * 3),
    ],
    ids=["silent", "silent in half", "false in half"],
)
def test_a_signal_that_is_silent_or_false_refutes_it(short: list[bool], ample: list[bool]) -> None:
    assert decided(short, ample).verdict == "refuted"


@pytest.mark.parametrize(
    ("short", "ample"),
    [
        ([True] * 5 + [False], [False] * 6),
        ([True] * 6, [False] * 5 + [True]),
        ([True] * 2, [False] * 6),
        ([True] * 6, []),
        ([], []),
    ],
    ids=["silent once", "false once", "few", "no control", "nothing"],
)
def test_all_else_leaves_it_open(short: list[bool], ample: list[bool]) -> None:
    assert decided(short, ample).verdict == "inconclusive"

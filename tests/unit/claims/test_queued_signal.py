"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.measured import Measured
from harness.claims.queued_signal import CLAIM
from tests.unit.claims.made import Rows, cell, measured


def experiment(few: int, many: int, short: list[bool], ample: list[bool], told: float = 1.0) -> Measured:
    """Bursts of four seconds of Pings, on few and on many workers; those that are true tell of a queue for
    `told` seconds of them."""
    bursts: Rows = []
    pings: Rows = []
    for cell_id, signals in (("few", short), ("many", ample)):
        for n, signal in enumerate(signals):
            key = {"cell_id": cell_id, "burst": n, "requests_in_progress": 5, "runs_in_progress": 0}
            bursts.append({"cell_id": cell_id, "burst": n})
            for sent, answered, queued in ((0.0, told, 3.0 if signal else 0.0), (told, 4.0, 0.0)):
                seen = {"sent_epoch_seconds": sent, "answered_epoch_seconds": answered}
                pings.append(key | seen | {"num_queued_requests": queued, "num_running_requests": 4})
            # when no request was in progress, and one that was never answered
            idle = {"sent_epoch_seconds": 9.0, "answered_epoch_seconds": 9.1, "num_queued_requests": 0.0}
            beside = {"requests_in_progress": 0, "runs_in_progress": 6, "num_running_requests": 1}
            pings += [key | idle | beside, key | {"sent_epoch_seconds": 3.0}]
    cells = (cell("few", grpc_max_workers=few), cell("many", grpc_max_workers=many))
    return measured({"bursts": bursts, "pings": pings}, *cells)


def decided(short: list[bool], ample: list[bool], told: float = 1.0) -> Decision:
    return CLAIM.decide({"pool": experiment(4, 32, short, ample, told)})


def test_a_signal_where_workers_are_short_and_only_there_supports_it() -> None:
    decision = decided([True] * 6, [False] * 6)
    assert decision.verdict == "supported"
    assert [number.value for number in decision.numbers] == [6, 0, 3.0, 3.0]
    assert "for 25% to 25% of the time" in decision.evidence
    assert "with 6 runs and no other request in progress it told of 1" in decision.evidence


def test_a_blip_is_no_signal() -> None:
    assert decided([True] * 6, [False] * 6, told=0.9).verdict == "refuted"
    assert decided([True] * 6, [True] * 6, told=0.9).numbers[1].value == 0


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
